internal import AcceptanceScenarios
internal import AdapterKit
internal import MatrixSupport

/// The scenarios to run: all of them, or those that ``TestSettings/scenarioWord`` selects.
enum SelectedScenarios {
    /// Scenarios that run on the broker of the whole test run.
    static let onSharedBroker = selected(Scenarios.all)
    /// Scenarios that run on a broker of their own.
    static let onPrivateNode = selected(Scenarios.onPrivateNode)

    private static func selected(_ scenarios: [AdapterCheck]) -> [AdapterCheck] {
        guard let word = TestSettings.scenarioWord else { return scenarios }
        return scenarios.filter { $0.name.contains(word) }
    }
}
