import BrokerSupport
import Foundation

/// Certificates that `Scripts/certificates` makes, once for a run of the tests, in a folder that goes when it ends.
public enum TestCertificates {
    private static let folder: Result<String, any Error> = Result {
        let folder = NSTemporaryDirectory() + "ochotona-certificates-\(UUID().uuidString)"
        _ = try Command(executable: TestBroker.path("Scripts/certificates"), arguments: [folder]).run()
        atexit {
            if case .success(let folder) = TestCertificates.folder {
                try? FileManager.default.removeItem(atPath: folder)
            }
        }
        return folder
    }

    /// The path of one of the files, such as `server.pem`; the first call makes them, which takes half a second.
    public static func path(_ file: String) throws -> String {
        "\(try folder.get())/\(file)"
    }

    /// The content of one of the files.
    public static func text(_ file: String) throws -> String {
        try String(contentsOfFile: path(file), encoding: .utf8)
    }
}
