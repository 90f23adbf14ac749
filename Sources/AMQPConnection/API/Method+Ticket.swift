import AMQPProtocol

extension Method {
    /// The method with an access ticket, if it has a place for one.
    func carrying(ticket: UInt16) -> Method {
        func with<Arguments>(
            _ arguments: Arguments, _ field: WritableKeyPath<Arguments, UInt16>, _ make: (Arguments) -> Method
        ) -> Method {
            var arguments = arguments
            arguments[keyPath: field] = ticket
            return make(arguments)
        }
        return switch self {
        case .exchangeDeclare(let method): with(method, \.ticket, Method.exchangeDeclare)
        case .exchangeDelete(let method): with(method, \.ticket, Method.exchangeDelete)
        case .exchangeBind(let method): with(method, \.ticket, Method.exchangeBind)
        case .exchangeUnbind(let method): with(method, \.ticket, Method.exchangeUnbind)
        case .queueDeclare(let method): with(method, \.ticket, Method.queueDeclare)
        case .queueBind(let method): with(method, \.ticket, Method.queueBind)
        case .queueUnbind(let method): with(method, \.ticket, Method.queueUnbind)
        case .queuePurge(let method): with(method, \.ticket, Method.queuePurge)
        case .queueDelete(let method): with(method, \.ticket, Method.queueDelete)
        case .basicConsume(let method): with(method, \.ticket, Method.basicConsume)
        case .basicGet(let method): with(method, \.ticket, Method.basicGet)
        // Every other method has no ticket; a publish is not sent in this way.
        default: self
        }
    }
}
