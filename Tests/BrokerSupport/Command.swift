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
        let output = Pipe()
        // Errors go to a file: a second pipe could fill up while the first one is being read.
        let errors = FileManager.default.temporaryDirectory.appendingPathComponent("ochotona-\(UUID().uuidString).log")
        try Data().write(to: errors)
        defer { try? FileManager.default.removeItem(at: errors) }
        let errorFile = try FileHandle(forWritingTo: errors)
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errorFile
        try process.run()
        let printed = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try errorFile.close()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            let message = String(decoding: (try? Data(contentsOf: errors)) ?? Data(), as: UTF8.self)
            throw Failed(
                description: "\(executable) \(arguments.joined(separator: " ")): "
                    + "status \(process.terminationStatus)\n\(message)")
        }
        return String(decoding: printed, as: UTF8.self)
    }
}
