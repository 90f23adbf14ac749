import AMQPConnection
import Testing

@Suite struct URLParsingTests {
    @Test(arguments: URLCases.accepted)
    func takesTheURLAsTheTableSays(_ expected: URLCases.Accepted) throws {
        let parameters = try ConnectionParameters(url: expected.url)
        #expect(parameters.host == expected.host)
        #expect(parameters.port == expected.port)
        #expect(parameters.virtualHost == expected.virtualHost)
        let credentials = try #require(parameters.credentials as? PlainCredentials)
        #expect(credentials == PlainCredentials(username: expected.username, password: expected.password))
    }

    @Test(arguments: URLCases.refused)
    func refusesTheURLNamingThePartAndNotThePassword(_ expected: URLCases.Refused) {
        let error = #expect(throws: AMQPError.self) { try ConnectionParameters(url: expected.url) }
        #expect(error?.code == expected.code)
        #expect(error?.blame == .application)
        #expect(error?.reason.contains(expected.part) == true, "\(error?.reason ?? "")")
        for text in [error.map { "\($0)" }, error.map { String(reflecting: $0) }] {
            #expect(text?.contains("sec") == false)
        }
    }

    @Test func tableHasAllItsCases() {
        #expect(URLCases.accepted.count + URLCases.refused.count >= 150)
        #expect(Set(URLCases.accepted.map(\.url)).count == URLCases.accepted.count)
        #expect(Set(URLCases.refused.map(\.url)).count == URLCases.refused.count)
    }

    @Test func everythingLeftOutHasItsDefault() throws {
        let parameters = try ConnectionParameters(url: "amqp://")
        #expect(try parameters.urlIncludingPassword() == ConnectionParameters().urlIncludingPassword())
    }
}
