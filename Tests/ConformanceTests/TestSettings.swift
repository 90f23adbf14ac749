internal import Foundation

/// What the environment says about how the tests of this target run.
enum TestSettings {
    /// By how much all limits are stretched (`OCHOTONA_PATIENCE`).
    static let patience = ProcessInfo.processInfo.environment["OCHOTONA_PATIENCE"].flatMap { Int($0) } ?? 1

    /// A word that the names of the scenarios to run contain (`OCHOTONA_SCENARIOS`); all of them run if `nil`.
    static let scenarioWord = ProcessInfo.processInfo.environment["OCHOTONA_SCENARIOS"]
}
