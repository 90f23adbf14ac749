import AMQPConnection

/// Deliveries that came in one turn of the loop, and what they weigh.
struct DeliveryBatch: Sendable {
    var deliveries: [Delivery] = []
    /// Bodies and properties, with something for what surrounds them.
    var byteCount = 0

    var isEmpty: Bool { deliveries.isEmpty }

    mutating func append(_ delivery: Delivery) {
        deliveries.append(delivery)
        byteCount += DeliveryBatch.weight(delivery)
    }

    /// What a delivery counts for: an empty one is not for free either.
    private static func weight(_ delivery: Delivery) -> Int {
        delivery.body.count + delivery.encodedProperties.count + 128
    }

    /// The deliveries from `index` on.
    func rest(from index: Int) -> DeliveryBatch {
        var rest = DeliveryBatch()
        for delivery in deliveries[index...] { rest.append(delivery) }
        return rest
    }
}
