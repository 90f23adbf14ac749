@_exported public import AMQPConnection
