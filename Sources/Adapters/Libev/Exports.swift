@_exported public import AMQPPosix
@_exported public import CLibev
