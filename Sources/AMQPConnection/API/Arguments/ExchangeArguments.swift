public import AMQPProtocol

/// The arguments of an exchange that RabbitMQ 3.10 knows, each absent unless it is given.
public struct ExchangeArguments: Sendable, Hashable {
    /// The exchange that gets what this one cannot route (`alternate-exchange`).
    public var alternateExchange: String?
    /// Arguments by name: what has no property here, for example the ones of a plug-in's type.
    public var others: FieldTable

    /// Arguments with these values; what is `nil` is left to the broker.
    public init(alternateExchange: String? = nil, others: FieldTable = [:]) {
        self.alternateExchange = alternateExchange
        self.others = others
    }

    /// The field table for `exchange.declare`.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/invalidArgument`` if an argument is given both as a property
    ///   and among ``others``.
    public func table() throws(AMQPError) -> FieldTable {
        var arguments = ArgumentTable()
        arguments.add(alternateExchange, "alternate-exchange")
        return try arguments.merged(with: others)
    }
}
