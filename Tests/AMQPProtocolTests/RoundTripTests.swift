import AMQPProtocol
import Testing

struct RoundTripTests {
    @Test(arguments: UInt64(1) ... 4)
    func whatIsEncodedDecodesToTheSame(seed: UInt64) throws {
        var random = RandomValues(seed: seed &* 1_000_003)
        var values = 0
        while random.made < 250_000 {
            for type in MethodSamples.all {
                let method = type.init(random: &random).method
                try check(method, decodeMethod(method.id, try method.encoded()))
            }
            for _ in 0 ..< 40 {
                let properties = random.properties()
                try check(properties, decodeProperties(try properties.encoded()))
                let value = random.fieldValue()
                try check(value, decodeValue(try value.encoded()))
            }
            values += MethodSamples.all.count + 80
        }
        print("round trip: \(random.made) random values in \(values) methods, properties and fields")
    }

    private func check<Value: Hashable & Encodable>(_ value: Value, _ decoded: Decoded<Value>) throws {
        let result = try decoded.outcome.get()
        guard result == value, result.hashValue == value.hashValue, decoded.consumed == (try value.encodedSize()) else {
            Issue.record("\(value) came back as \(result)")
            return
        }
    }

    @Test(arguments: UInt64(1) ... 4)
    func damagedBytesDecodeOrAreErrors(seed: UInt64) throws {
        var random = RandomValues(seed: seed &* 7_000_003)
        var accepted = 0
        var refused = 0
        for _ in 0 ..< 100 {
            for type in MethodSamples.all {
                var bytes = try type.init(random: &random).method.encoded()
                if bytes.isEmpty { continue }
                for _ in 0 ... random.size(upTo: 3) {
                    bytes[Int(random.longlong() % UInt64(bytes.count))] = random.octet()
                }
                let decoded = decodeMethod(type.id, bytes)
                if let method = decoded.value {
                    // What was accepted can be sent again and comes back as itself. Only a text that was repaired can
                    // have grown over 255 bytes.
                    do {
                        #expect(decodeMethod(type.id, try method.encoded()).value == method)
                    } catch let error as EncodingError {
                        #expect(["reply-text", "reason"].contains(error.field))
                    }
                    accepted += 1
                } else {
                    refused += 1
                }
            }
            let noise = Array(random.bytes())
            _ = decodeTable(noise)
            _ = decodeProperties(noise)
            _ = decodeValue(noise)
        }
        #expect(refused > 100 && accepted > 100)
        print("damaged methods: \(refused) refused, \(accepted) accepted")
    }
}
