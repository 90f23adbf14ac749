import AMQPProtocol
import Testing

struct MessagePropertiesTests {
    private static let all = MessageProperties(
        contentType: "a", contentEncoding: "b", headers: ["c": true], deliveryMode: .persistent, priority: 9,
        correlationID: "d", replyTo: "e", expiration: "f", messageID: "g", timestamp: 0x0102_0304_0506_0708, type: "h",
        userID: "i", appID: "j", clusterID: "k")

    private static let allBytes: [UInt8] = [
        0xFF, 0xFC, 1, 0x61, 1, 0x62, 0, 0, 0, 4, 1, 0x63, 0x74, 1, 2, 9, 1, 0x64, 1, 0x65, 1, 0x66, 1, 0x67, 1, 2, 3,
        4,
        5, 6, 7, 8, 1, 0x68, 1, 0x69, 1, 0x6A, 1, 0x6B,
    ]

    /// The flag, name and setter of each property that is a short string.
    private static let texts: [(flag: UInt16, name: String, set: @Sendable (inout MessageProperties, String) -> Void)] =
        [
            (1 << 15, "content-type", { $0.contentType = $1 }),
            (1 << 14, "content-encoding", { $0.contentEncoding = $1 }),
            (1 << 10, "correlation-id", { $0.correlationID = $1 }), (1 << 9, "reply-to", { $0.replyTo = $1 }),
            (1 << 8, "expiration", { $0.expiration = $1 }), (1 << 7, "message-id", { $0.messageID = $1 }),
            (1 << 5, "type", { $0.type = $1 }), (1 << 4, "user-id", { $0.userID = $1 }),
            (1 << 3, "app-id", { $0.appID = $1 }), (1 << 2, "cluster-id", { $0.clusterID = $1 }),
        ]

    @Test func allPropertiesHaveTheirBytesInTheOrderOfTheSpecification() throws {
        #expect(try Self.all.encoded() == Self.allBytes)
        #expect(decodeProperties(Self.allBytes).value == Self.all)
        #expect(try MessageProperties().encoded() == [0, 0])
        #expect(decodeProperties([0, 0]).value == MessageProperties())
        #expect(try MessageProperties.persistent.encoded() == [0x10, 0, 2])
    }

    @Test func everySetOfPropertiesRoundTrips() throws {
        for set in 0 ..< 1 << 14 {
            var properties = MessageProperties()
            if set & 1 != 0 { properties.contentType = Self.all.contentType }
            if set & 2 != 0 { properties.contentEncoding = Self.all.contentEncoding }
            if set & 4 != 0 { properties.headers = Self.all.headers }
            if set & 8 != 0 { properties.deliveryMode = Self.all.deliveryMode }
            if set & 16 != 0 { properties.priority = Self.all.priority }
            if set & 32 != 0 { properties.correlationID = Self.all.correlationID }
            if set & 64 != 0 { properties.replyTo = Self.all.replyTo }
            if set & 128 != 0 { properties.expiration = Self.all.expiration }
            if set & 256 != 0 { properties.messageID = Self.all.messageID }
            if set & 512 != 0 { properties.timestamp = Self.all.timestamp }
            if set & 1024 != 0 { properties.type = Self.all.type }
            if set & 2048 != 0 { properties.userID = Self.all.userID }
            if set & 4096 != 0 { properties.appID = Self.all.appID }
            if set & 8192 != 0 { properties.clusterID = Self.all.clusterID }
            let bytes = try properties.encoded()
            let decoded = decodeProperties(bytes)
            #expect(decoded.value == properties)
            #expect(decoded.consumed == bytes.count)
        }
    }

    @Test func truncatedAtEveryByteIsAnErrorThatConsumesNothing() {
        for length in 0 ..< Self.allBytes.count {
            let decoded = decodeProperties(Self.allBytes.prefix(length))
            #expect(decoded.error?.kind == .syntax)
            #expect(decoded.consumed == 0)
        }
    }

    @Test func furtherWordsOfFlagsAreReadAndUnknownFlagsAreErrors() {
        let priority = MessageProperties(priority: 7)
        #expect(decodeProperties([0x08, 0x01, 0, 0, 7]).value == priority)
        #expect(decodeProperties([0x08, 0x01, 0, 1, 0, 1, 0, 0, 7]).value == priority)
        #expect(decodeProperties([0x08, 0x01, 0, 1]).error?.kind == .syntax)
        #expect(decodeProperties([0x08, 0x02, 7]).error?.reason.hasPrefix("property flags") == true)
        for bit in 1 ..< 16 {
            let word = UInt16(1) << bit
            let bytes = [0x08, 0x01, UInt8(word >> 8), UInt8(word & 0xFF), 7]
            #expect(decodeProperties(bytes).error?.reason.hasPrefix("property flags") == true)
        }
    }

    @Test func aTextThatIsNotUTF8IsAnErrorThatNamesTheProperty() throws {
        for property in Self.texts {
            for text in Samples.notUTF8 {
                let bytes = [UInt8(property.flag >> 8), UInt8(property.flag & 0xFF), UInt8(text.count)] + text
                let decoded = decodeProperties(bytes)
                #expect(decoded.error?.kind == .syntax)
                #expect(decoded.error?.reason.hasPrefix("\(property.name): ") == true)
                #expect(decoded.consumed == 0)
            }
            for text in Samples.oddUTF8 {
                let bytes = [UInt8(property.flag >> 8), UInt8(property.flag & 0xFF), UInt8(text.count)] + text
                var expected = MessageProperties()
                property.set(&expected, String(decoding: text, as: UTF8.self))
                let value = try #require(decodeProperties(bytes).value)
                #expect(value == expected)
                #expect(try value.encoded() == bytes)
            }
        }
    }

    @Test func everyTextOfMoreThan255BytesIsRefusedByName() throws {
        let names = try Specification.load().classes.flatMap(\.properties).filter { $0.domain == "shortstr" }.map(
            \.name)
        #expect(Self.texts.map(\.name) == names)
        for property in Self.texts {
            for length in [0, 1, 254, 255, 256, 300, 511, 65_536] {
                var properties = MessageProperties()
                property.set(&properties, String(repeating: "x", count: length))
                guard length > 255 else {
                    #expect(decodeProperties(try properties.encoded()).value == properties)
                    continue
                }
                let error = #expect(throws: EncodingError.self) { try properties.encodedSize() }
                #expect(error?.field == property.name)
                #expect(error?.reason.contains("\(length) bytes") == true)
            }
        }
    }

    @Test func headersThatCannotBeEncodedAreRefusedWithTheirPlace() {
        let properties = MessageProperties(headers: ["a": [String(repeating: "k", count: 256): 1]])
        let error = #expect(throws: EncodingError.self) { try properties.encodedSize() }
        #expect(error?.field.hasPrefix("headers.a.kkk") == true)
    }

    @Test func deliveryModesThatTheSpecificationDoesNotHaveAreKept() throws {
        let value = try #require(decodeProperties([0x10, 0, 200]).value)
        #expect(value.deliveryMode == DeliveryMode(rawValue: 200))
        #expect(try value.encoded() == [0x10, 0, 200])
    }
}
