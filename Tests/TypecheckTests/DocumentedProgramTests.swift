internal import Foundation
internal import Testing

/// The programs in the documents compile without a warning: all Swift blocks that begin with an import.
///
/// `…` stands for the reader's own code there: it is left out, or of whatever type an argument needs. Names that are the
/// reader's are declared beside the program.
@Suite struct DocumentedProgramTests {
    /// What the reader brings to a program that uses the name and does not declare it.
    static let readersOwn = [
        "onConnected": "func onConnected(_ connection: Connection) {}",
        "finished": "@MainActor var finished = false",
        "myDescriptor": "let myDescriptor: Int32 = 0",
        "compressVideo": "func compressVideo(_ name: String) throws {}",
        "MyLoop": "typealias MyLoop = EmbeddedLoop",
        "GLibLoop": "func GLibLoop(_ context: Int) -> EmbeddedLoop { EmbeddedLoop() }",
        "g_main_context_new": "func g_main_context_new() -> Int { 0 }",
        "anything()": "func anything<Value>() -> Value { fatalError() }",
    ]

    /// The documents, by their paths in the package, and their programs.
    static func programs() throws -> [(document: String, program: String)] {
        var documents = ["README.md"]
        for folder in ["docs", "docs/adapters", "Sources/Adapters/Posix/Documentation.docc"] {
            let files = try FileManager.default.contentsOfDirectory(
                atPath: Compiler.root.appendingPathComponent(folder).path)
            documents += files.filter { $0.hasSuffix(".md") }.sorted().map { "\(folder)/\($0)" }
        }
        return try documents.flatMap { document in
            let text = try String(contentsOf: Compiler.root.appendingPathComponent(document), encoding: .utf8)
            return text.components(separatedBy: "```swift\n").dropFirst()
                .compactMap { $0.components(separatedBy: "```").first }
                .filter { $0.hasPrefix("import ") }
                .map { (document, $0) }
        }
    }

    @Test func everyProgramInTheDocumentsCompiles() throws {
        let programs = try Self.programs()
        #expect(programs.count >= 10)
        let compiler = try Compiler()
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let main = folder.appendingPathComponent("main.swift")
        let others = folder.appendingPathComponent("Reader.swift")
        for (document, text) in programs {
            let program = text.replacingOccurrences(of: ": …", with: ": anything()").replacingOccurrences(
                of: "…", with: "")
            let own = Self.readersOwn.filter { name, _ in
                program.contains(name) && !program.contains("func \(name)") && !program.contains("let \(name)")
            }
            try Data(program.utf8).write(to: main)
            let reader = ["import AMQPPosix"] + own.values
            try Data(reader.joined(separator: "\n").utf8).write(to: others)
            let verdict = try compiler.compile([main, others])
            #expect(verdict.status == 0, "\(document): \(program)\n\(verdict.output)")
        }
        print("programs of the documents that compile: \(programs.count)")
    }

    @Test func aProgramThatIsWrongIsSeen() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let main = folder.appendingPathComponent("main.swift")
        try Data("import AMQPSelect\nlet loop = SelectLoop(1)\n".utf8).write(to: main)
        #expect(try Compiler().compile([main]).output.contains("main.swift:2:"))
    }
}
