import Testing

@testable import amqp_generate

struct GeneratedFilesTests {
    @Test func theCommittedFilesAreWhatTheGeneratorWrites() throws {
        let generator = Generator(root: AMQPGenerate.repository)
        #expect(try generator.files().count == 14)
        #expect(try generator.differences() == [])
    }
}
