@_exported public import AMQPPoll
