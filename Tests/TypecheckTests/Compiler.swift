internal import Foundation

/// Runs the compiler on a user's program, against the modules of this build, as far as the compiler's data race checks, which
/// come behind its type checks.
struct Compiler {
    /// What the compiler said.
    struct Verdict {
        var status: Int32
        var output: String
    }

    /// The folder of the package.
    static let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardizedFileURL

    /// The options that name the modules.
    private let modules: [String]

    init() throws {
        let folder = try Self.modules()
        // The loops' modules have been built with OpenSSL's, libev's, and SwiftNIO's own C modules.
        modules =
            [folder.path].flatMap { ["-I", $0] }
            + ["COpenSSL", "CLibev", "CLinux"].flatMap {
                ["-I", Self.root.appendingPathComponent("Sources/\($0)").path]
            }
            + Self.moduleMaps(near: folder).flatMap { ["-Xcc", "-fmodule-map-file=\($0.path)"] }
    }

    /// Compiles files in Swift 6, warnings being errors; one that is called `main.swift` is a program's top level.
    func compile(_ files: [URL], _ options: [String] = []) throws -> Verdict {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let isLibrary = !files.contains { $0.lastPathComponent == "main.swift" }
        process.arguments =
            [
                "swiftc", "-emit-sil", "-wmo", "-o", "/dev/null", "-module-name", "User", "-swift-version", "6",
                "-warnings-as-errors",
            ] + (isLibrary ? ["-parse-as-library"] : []) + modules + options + files.map(\.path)
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Verdict(status: process.terminationStatus, output: String(decoding: output, as: UTF8.self))
    }

    /// The folder of this build's modules: beside the test executable or its bundle.
    private static func modules() throws -> URL {
        let candidates = [CommandLine.arguments.first.map { URL(fileURLWithPath: $0) }, Bundle.main.executableURL]
        for var folder in candidates.compactMap({ $0 }) {
            for _ in 0 ..< 6 {
                folder.deleteLastPathComponent()
                for modules in [folder.appendingPathComponent("Modules"), folder]
                where FileManager.default.fileExists(
                    atPath: modules.appendingPathComponent("AMQPConnection.swiftmodule").path)
                {
                    return modules
                }
            }
        }
        throw CocoaError(.fileNoSuchFile, userInfo: ["what": "the build's modules near \(candidates)"])
    }

    /// The descriptions of the C modules of the packages that this one uses: their own, and those that the build has made.
    private static func moduleMaps(near modules: URL) -> [URL] {
        var folders = Self.folders(in: modules) + Self.folders(in: modules.deletingLastPathComponent())
        var ancestor = modules
        while ancestor.path != "/", folders.allSatisfy({ !$0.path.contains("/checkouts/") }) {
            ancestor.deleteLastPathComponent()
            let checkouts = Self.folders(in: ancestor.appendingPathComponent("checkouts"))
            folders += checkouts.flatMap { Self.folders(in: $0.appendingPathComponent("Sources")) }
                .map { $0.appendingPathComponent("include") }
        }
        return folders.map { $0.appendingPathComponent("module.modulemap") }
            .filter { FileManager.default.fileExists(atPath: $0.path) }
    }

    /// What a folder holds, in order of the names; nothing if there is none.
    private static func folders(in folder: URL) -> [URL] {
        let found = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return (found ?? []).sorted { $0.path < $1.path }
    }
}
