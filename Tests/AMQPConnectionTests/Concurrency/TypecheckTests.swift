internal import Foundation
internal import Testing

/// What users may write compiles without a warning in Swift 6, and what would race does not compile, for the reason that
/// its first line names.
///
/// The sources are in `Tests/Typecheck`; each is compiled by itself against the modules of this build, as far as the
/// compiler's data race checks, which come behind its type checks.
@Suite struct TypecheckTests {
    static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Typecheck").standardizedFileURL

    /// The folder of this build's modules: beside the test executable or its bundle.
    static func modules() throws -> URL {
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

    /// Where the module of OpenSSL is described, which the loops' modules have been built with.
    static let moduleMaps = sources.appendingPathComponent("../../Sources/COpenSSL").standardizedFileURL

    /// The source files of a folder.
    static func files(_ folder: String) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: sources.appendingPathComponent(folder), includingPropertiesForKeys: nil
        ).filter { $0.pathExtension == "swift" }.sorted { $0.path < $1.path }
    }

    /// Compiles a file; gives the exit status and what the compiler says.
    static func compile(_ file: URL, _ options: [String] = []) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            [
                "swiftc", "-emit-sil", "-o", "/dev/null", "-parse-as-library", "-swift-version", "6",
                "-warnings-as-errors", "-I", try modules().path, "-I", moduleMaps.path,
            ] + options + [file.path]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    @Test func whatUsersWriteCompilesWithoutAWarning() throws {
        let files = try Self.files("Uses")
        #expect(files.count >= 3)
        for file in files {
            for options in [[], ["-enable-upcoming-feature", "NonisolatedNonsendingByDefault"]] {
                let (status, output) = try Self.compile(file, options)
                #expect(status == 0, "\(file.lastPathComponent) \(options): \(output)")
            }
        }
        print("uses that compile: \(files.count)")
    }

    @Test func whatWouldRaceDoesNotCompile() throws {
        let files = try Self.files("Misuses")
        #expect(files.count >= 5)
        for file in files {
            let first = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").first ?? ""
            let reason = first.replacingOccurrences(of: "// expected: ", with: "")
            let (status, output) = try Self.compile(file)
            #expect(status != 0, "\(file.lastPathComponent) compiles")
            #expect(output.contains(reason), "\(file.lastPathComponent): \(output)")
            let errors = output.split(separator: "\n").filter { $0.contains(".swift:") && $0.contains(" error: ") }
            #expect(errors.count == 1, "\(file.lastPathComponent) fails for one reason only: \(output)")
        }
        print("misuses that do not compile: \(files.count)")
    }
}
