@_exported public import AMQPPosix
