@_exported public import AMQPProtocol
