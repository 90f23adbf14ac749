internal import Foundation
internal import Testing

/// What users may write compiles without a warning in Swift 6, and what would race does not compile, for the reason that
/// its first line names.
@Suite struct TypecheckTests {
    /// The source files of a folder beside this one.
    static func files(_ folder: String) throws -> [URL] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(folder)
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "swift" }.sorted { $0.path < $1.path }
    }

    @Test func whatUsersWriteCompilesWithoutAWarning() throws {
        let compiler = try Compiler()
        let files = try Self.files("Uses")
        #expect(files.count >= 3)
        for file in files {
            for options in [[], ["-enable-upcoming-feature", "NonisolatedNonsendingByDefault"]] {
                let verdict = try compiler.compile([file], options)
                #expect(verdict.status == 0, "\(file.lastPathComponent) \(options): \(verdict.output)")
            }
        }
        print("uses that compile: \(files.count)")
    }

    @Test func whatWouldRaceDoesNotCompile() throws {
        let compiler = try Compiler()
        let files = try Self.files("Misuses")
        #expect(files.count >= 5)
        for file in files {
            let first = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").first ?? ""
            let reason = first.replacingOccurrences(of: "// expected: ", with: "")
            let verdict = try compiler.compile([file])
            #expect(verdict.status != 0, "\(file.lastPathComponent) compiles")
            #expect(verdict.output.contains(reason), "\(file.lastPathComponent): \(verdict.output)")
            let errors = verdict.output.split(separator: "\n").filter {
                $0.contains(".swift:") && $0.contains(" error: ")
            }
            #expect(errors.count == 1, "\(file.lastPathComponent) fails for one reason only: \(verdict.output)")
        }
        print("misuses that do not compile: \(files.count)")
    }
}
