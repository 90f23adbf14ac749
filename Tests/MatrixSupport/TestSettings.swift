import Foundation

/// What the environment says about how tests with a matrix run.
public enum TestSettings {
    /// By how much all limits are stretched (`OCHOTONA_PATIENCE`).
    public static let patience = ProcessInfo.processInfo.environment["OCHOTONA_PATIENCE"].flatMap { Int($0) } ?? 1

    /// A word that the names of the scenarios to run contain (`OCHOTONA_SCENARIOS`); all of them run if `nil`.
    public static let scenarioWord = ProcessInfo.processInfo.environment["OCHOTONA_SCENARIOS"]
}
