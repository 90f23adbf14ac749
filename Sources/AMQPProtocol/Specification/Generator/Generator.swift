import Foundation

/// Writes, or compares with what is committed, every generated file.
struct Generator {
    /// A file's path below the root of the repository, and its content.
    typealias File = (path: String, content: String)

    private let root: URL

    /// - Parameter root: the root of the repository.
    init(root: URL) {
        self.root = root
    }

    /// The content of every generated file.
    func files() throws -> [File] {
        let json = try Data(
            contentsOf: root.appendingPathComponent("Sources/AMQPProtocol/Specification/amqp0-9-1.json"))
        let table = try SpecificationTable(json: json)
        let folder = "Sources/AMQPProtocol/Methods/Generated/"
        var files: [File] = []
        var methods: [MethodModel] = []
        for type in table.classes {
            let own = try type.methods.map { try MethodModel($0, in: type, of: table) }
            files.append(("\(folder)\(Name.upperCamel(type.name)).swift", MethodStructs.source(type, own)))
            methods += own
        }
        files.append(("\(folder)Method.swift", MethodEnum.cases(methods)))
        files.append(("\(folder)Method+Coding.swift", MethodEnum.coding(methods)))
        files.append(("\(folder)MethodID+Constants.swift", MethodIDs.constants(methods)))
        files.append(("\(folder)MethodID+Traits.swift", MethodIDs.traits(methods)))
        files.append(("\(folder)ReplyCode+Constants.swift", ReplyCodes.source(table.replyCodes)))
        files.append(("Tests/AMQPProtocolTests/Generated/MethodSamples.swift", MethodSamples.source(methods)))
        return files
    }

    /// Writes every file.
    func write() throws {
        for file in try files() {
            let url = root.appendingPathComponent(file.path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(file.content.utf8).write(to: url)
        }
    }

    /// The paths of files that are missing, differ from what would be generated, or are not generated any more.
    func differences() throws -> [String] {
        let files = try files()
        var differing = files.filter { file in
            (try? Data(contentsOf: root.appendingPathComponent(file.path))) != Data(file.content.utf8)
        }.map(\.path)
        let paths = Set(files.map(\.path))
        for folder in Set(files.map { ($0.path as NSString).deletingLastPathComponent }) {
            let names = try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path)
            differing += names.map { "\(folder)/\($0)" }.filter { !paths.contains($0) }
        }
        return differing.sorted()
    }
}
