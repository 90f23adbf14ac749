import Foundation

/// A program to run to its end. Running it blocks: do it on a thread of its own, as in ``onOwnThread(_:)``.
public struct Command {
    /// The program ended with another status than 0.
    public struct Failed: Error, CustomStringConvertible {
        public let description: String
    }

    /// The program's path.
    public var executable: String
    /// What it is called with.
    public var arguments: [String]

    public init(executable: String, arguments: [String]) {
        self.executable = executable
        self.arguments = arguments
    }

    /// Runs the program without input.
    ///
    /// - Returns: what it printed to its standard output.
    /// - Throws: ``Failed`` with its error output if its exit status was not 0.
    public func run() throws -> String {
        let process = Process()
        // Output goes to files: a pipe would be open for as long as a server that the program has started, and a second
        // one could fill up while the first is being read.
        let base = FileManager.default.temporaryDirectory.appendingPathComponent("ochotona-\(UUID().uuidString)").path
        let (output, errors) = (base + ".out", base + ".err")
        defer { for file in [output, errors] { try? FileManager.default.removeItem(atPath: file) } }
        for file in [output, errors] { try Data().write(to: URL(fileURLWithPath: file)) }
        let outputFile = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
        let errorFile = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = outputFile
        process.standardError = errorFile
        try process.run()
        process.waitUntilExit()
        try outputFile.close()
        try errorFile.close()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            let said = (try? Data(contentsOf: URL(fileURLWithPath: errors))) ?? Data()
            let message = String(decoding: said, as: UTF8.self)
            throw Failed(
                description: "\(executable) \(arguments.joined(separator: " ")): "
                    + "status \(process.terminationStatus)\n\(message)")
        }
        return String(decoding: try Data(contentsOf: URL(fileURLWithPath: output)), as: UTF8.self)
    }
}
