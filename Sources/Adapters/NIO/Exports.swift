#if NIO
@_exported public import AMQPConnection
#endif
