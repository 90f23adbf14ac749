import Foundation

/// `swift run amqp-generate [--check] [root]`: writes the generated sources, or says which of them are out of date.
@main
enum AMQPGenerate {
    static func main() {
        var arguments = Array(CommandLine.arguments.dropFirst())
        let checks = arguments.first == "--check"
        if checks { arguments.removeFirst() }
        let generator = Generator(root: arguments.first.map { URL(fileURLWithPath: $0) } ?? repository)
        do {
            guard checks else {
                try generator.write()
                return
            }
            let differences = try generator.differences()
            guard differences.isEmpty else {
                fail("out of date, run `swift run amqp-generate`: \(differences.joined(separator: ", "))")
            }
        } catch {
            fail("\(error)")
        }
    }

    /// The root of the repository that this file was built from.
    static var repository: URL {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0 ..< 5 { url.deleteLastPathComponent() }
        return url
    }

    private static func fail(_ message: String) -> Never {
        FileHandle.standardError.write(Data("amqp-generate: \(message)\n".utf8))
        exit(1)
    }
}
