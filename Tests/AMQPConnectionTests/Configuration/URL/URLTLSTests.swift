import AMQPConnection
import Testing

@Suite struct URLTLSTests {
    @Test func amqpsVerifiesEverything() throws {
        #expect(try ConnectionParameters(url: "amqps://h").tls == TLSConfiguration())
        #expect(try ConnectionParameters(url: "amqp://h").tls == nil)
    }

    @Test func erlangKeysAreTaken() throws {
        let url =
            "amqps://h?cacertfile=%2Fa%26b%3Fc%23d%25.pem&certfile=client.pem&keyfile=k.pem&password=p%26w"
            + "&server_name_indication=rabbit.test&verify=verify_peer"
        var expected = TLSConfiguration()
        expected.authorityFile = "/a&b?c#d%.pem"
        expected.certificateFile = "client.pem"
        expected.keyFile = "k.pem"
        expected.keyPassword = "p&w"
        expected.serverName = "rabbit.test"
        #expect(try ConnectionParameters(url: url).tls == expected)
    }

    @Test func pikasOptionsAreTaken() throws {
        let json =
            #"{"ca_certs":"a","capath":"b","cadata":"-c","certfile":"d","keyfile":"e","password":"f","ciphers":"g","#
            + #""server_hostname":"h","protocol":"TLSv1.2"}"#
        let encoded = json.utf8.map { "%" + (String($0, radix: 16).count == 1 ? "0" : "") + String($0, radix: 16) }
            .joined()
        var expected = TLSConfiguration()
        (expected.authorityFile, expected.authorityFolder, expected.authorityPEM) = ("a", "b", "-c")
        (expected.certificateFile, expected.keyFile, expected.keyPassword) = ("d", "e", "f")
        (expected.cipherList, expected.serverName, expected.maximumVersion) = ("g", "h", .tls12)
        #expect(try ConnectionParameters(url: "amqps://x?ssl_options=\(encoded)").tls == expected)
    }

    @Test func weakeningIsSpelledOut() throws {
        let none = try ConnectionParameters(url: "amqps://h?verify=verify_none").tls
        #expect(none == TLSConfiguration().insecurelySkippingVerification())
        let silent = try ConnectionParameters(url: "amqps://h?server_name_indication=disable").tls
        #expect(silent?.sendsServerName == false && silent?.verifiesHostname == true)
    }

    @Test func keysPasswordIsNotPrinted() throws {
        var parameters = ConnectionParameters(tls: TLSConfiguration())
        parameters.tls?.certificateFile = "/c.pem"
        parameters.tls?.keyPassword = "hidden"
        #expect(
            parameters.url
                == "amqps://guest:***@localhost:5671/%2F?ssl_options=%7B%22certfile%22%3A%22%2Fc.pem%22%2C%22password%22%3A%22"
                + "%2A%2A%2A%22%7D")
        #expect(try parameters.urlIncludingPassword().contains("hidden"))
    }
}
