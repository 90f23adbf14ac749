public import AdapterKit

/// Every scenario against the real broker; each is written once, and run over every adapter.
public enum Scenarios {
    /// The scenarios on the private node, which act on a whole broker.
    public static var onPrivateNode: [AdapterCheck] {
        AlarmScenarios.all + OperatorScenarios.all + PermissionScenarios.all + NodeFailureScenarios.all
            + UnansweredScenarios.all
    }

    /// The scenarios on the broker that all tests share.
    public static var all: [AdapterCheck] {
        OpeningScenarios.all + WorkflowScenarios.all + HandshakeScenarios.all + HeartbeatScenarios.all
            + CredentialsScenarios.all
            + ChannelErrorScenarios.all + ConnectionErrorScenarios.all
            + RefusalScenarios.all + RareMethodScenarios.all + TopologyScenarios.all
            + ArgumentScenarios.all + PublishingScenarios.all + ConsumingScenarios.all + ClosingScenarios.all
            + CallbackScenarios.all + ConnectionCodeScenarios.all + ChannelCodeScenarios.all
            + TLSPeerScenarios.all + TLSBrokerScenarios.all + InteropScenarios.all
    }
}
