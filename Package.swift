// swift-tools-version: 6.2

import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let log = Target.Dependency.product(name: "Logging", package: "swift-log")

/// A product of SwiftNIO's packages, which only the trait `NIO` brings in.
func nio(_ product: String, package: String = "swift-nio") -> Target.Dependency {
    .product(name: product, package: package, condition: .when(traits: ["NIO"]))
}

/// The product of swift-service-lifecycle, which only the trait `ServiceLifecycle` brings in.
let serviceLifecycle = Target.Dependency.product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: .when(traits: ["ServiceLifecycle"]))

let package = Package(
    name: "ochotona",
    platforms: [.macOS(.v15), .iOS(.v18)],
    products: [
        .library(name: "AMQPProtocol", targets: ["AMQPProtocol"]),
        .library(name: "AMQPConnection", targets: ["AMQPConnection"]),
        .library(name: "AMQPPosix", targets: ["AMQPPosix"]),
        .library(name: "AMQPSelect", targets: ["AMQPSelect"]),
        .library(name: "AMQPPoll", targets: ["AMQPPoll"]),
        .library(name: "AMQPEpoll", targets: ["AMQPEpoll"]),
        .library(name: "AMQPLibev", targets: ["AMQPLibev"]),
        .library(name: "AMQPDispatch", targets: ["AMQPDispatch"]),
        .library(name: "AMQPBlocking", targets: ["AMQPBlocking"]),
        .library(name: "AMQPNIO", targets: ["AMQPNIO"]),
        .library(name: "AMQPAsync", targets: ["AMQPAsync"]),
        .library(name: "AdapterKit", targets: ["AdapterKit"]),
    ],
    traits: [
        .trait(name: "TLS", description: "amqps on the loops of AMQPPosix, by the system's OpenSSL"),
        .trait(name: "NIO", description: "The adapter for SwiftNIO; without it swift-nio is not used."),
        .trait(
            name: "ServiceLifecycle", description: "Connections of AMQPAsync as services of swift-service-lifecycle"),
        .default(enabledTraits: ["TLS", "NIO"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.8.0"),
    ],
    targets: [
        .target(name: "AMQPProtocol", exclude: ["Specification"], swiftSettings: settings),
        .executableTarget(
            name: "amqp-generate", path: "Sources/AMQPProtocol/Specification/Generator", swiftSettings: settings),
        .target(name: "AMQPConnection", dependencies: ["AMQPProtocol", log], swiftSettings: settings),
        .target(
            name: "AMQPPosix",
            dependencies: ["AMQPConnection", .target(name: "AMQPTLS", condition: .when(traits: ["TLS"]))],
            path: "Sources/Adapters/Posix", swiftSettings: settings),
        .systemLibrary(
            name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
        .target(
            name: "AMQPTLS", dependencies: ["AMQPConnection", "AMQPProtocol", "COpenSSL"], path: "Sources/Adapters/TLS",
            swiftSettings: settings),
        .target(
            name: "AMQPSelect", dependencies: ["AMQPPosix"], path: "Sources/Adapters/Select", swiftSettings: settings),
        .target(name: "AMQPPoll", dependencies: ["AMQPPosix"], path: "Sources/Adapters/Poll", swiftSettings: settings),
        .systemLibrary(name: "CLinux"),
        .target(
            name: "AMQPEpoll",
            dependencies: ["AMQPPosix", .target(name: "CLinux", condition: .when(platforms: [.linux]))],
            path: "Sources/Adapters/Epoll", swiftSettings: settings),
        .systemLibrary(name: "CLibev", providers: [.apt(["libev-dev"]), .brew(["libev"])]),
        .target(
            name: "AMQPLibev", dependencies: ["AMQPPosix", "CLibev"], path: "Sources/Adapters/Libev",
            swiftSettings: settings),
        .target(
            name: "AMQPDispatch", dependencies: ["AMQPPosix"], path: "Sources/Adapters/Dispatch",
            swiftSettings: settings),
        .target(
            name: "AMQPBlocking", dependencies: ["AMQPPoll"], path: "Sources/Adapters/Blocking",
            swiftSettings: settings),
        .target(
            name: "AMQPNIO",
            dependencies: [
                "AMQPPosix", nio("NIOCore"), nio("NIOPosix"), nio("NIOConcurrencyHelpers"),
            ],
            path: "Sources/Adapters/NIO", swiftSettings: settings),
        .target(
            name: "AMQPAsync",
            dependencies: [
                "AMQPPosix", .target(name: "AMQPEpoll", condition: .when(platforms: [.linux])),
                .target(name: "AMQPPoll", condition: .when(platforms: [.macOS, .iOS])), serviceLifecycle,
            ],
            path: "Sources/Adapters/Async", swiftSettings: settings),
        .target(
            name: "AdapterKit", dependencies: ["AMQPConnection", "AMQPPosix"], path: "Tests/AdapterKit",
            swiftSettings: settings),
        .testTarget(
            name: "AMQPConnectionTests", dependencies: ["AMQPConnection", "AMQPSelect", "AMQPBlocking", "AdapterKit"],
            swiftSettings: settings),
        .testTarget(name: "AdapterKitTests", dependencies: ["AdapterKit", "AMQPSelect"], swiftSettings: settings),
        .testTarget(
            name: "ConformanceTests",
            dependencies: [
                "AdapterKit", "AcceptanceScenarios", "BrokerSupport", "MatrixSupport", "AMQPSelect", "AMQPPoll",
                "AMQPEpoll",
                "AMQPLibev", "LibevSupport", "AMQPDispatch", "AMQPNIO", nio("NIOCore"), nio("NIOPosix"), "GLibAdapter",
                "LibuvAdapter", "CGLib", "CLibuv",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "AMQPProtocolTests", dependencies: ["AMQPProtocol", "amqp-generate"], swiftSettings: settings),
        .systemLibrary(
            name: "CGLib", path: "Examples/GLibLoop/CGLib", pkgConfig: "glib-2.0",
            providers: [.apt(["libglib2.0-dev"]), .brew(["glib"])]),
        .target(
            name: "GLibAdapter", dependencies: ["AMQPPosix", "CGLib"], path: "Examples/GLibLoop/Adapter",
            packageAccess: false, swiftSettings: settings),
        .systemLibrary(
            name: "CLibuv", path: "Examples/LibuvLoop/CLibuv", pkgConfig: "libuv",
            providers: [.apt(["libuv1-dev"]), .brew(["libuv"])]),
        .target(
            name: "LibuvAdapter", dependencies: ["AMQPPosix", "CLibuv"], path: "Examples/LibuvLoop/Adapter",
            packageAccess: false, swiftSettings: settings),
        .executableTarget(
            name: "FiveStepsDispatch", dependencies: ["AMQPDispatch"], path: "Examples/FiveStepsDispatch",
            swiftSettings: settings),
        .executableTarget(
            name: "TopicLinkNIO", dependencies: ["AMQPNIO", nio("NIOCore"), nio("NIOPosix")],
            path: "Examples/TopicLinkNIO", swiftSettings: settings),
        .executableTarget(
            name: "FiveStepsGLib", dependencies: ["GLibAdapter"], path: "Examples/GLibLoop/FiveSteps",
            swiftSettings: settings),
        .executableTarget(
            name: "GLibShared", dependencies: ["GLibAdapter", "CGLib"], path: "Examples/GLibLoop/SharedContext",
            swiftSettings: settings),
        .executableTarget(
            name: "FiveStepsLibuv", dependencies: ["LibuvAdapter"], path: "Examples/LibuvLoop/FiveSteps",
            swiftSettings: settings),
        .executableTarget(
            name: "FiveSteps", dependencies: ["AMQPSelect"], path: "Examples/FiveSteps", swiftSettings: settings),
        .executableTarget(
            name: "FiveStepsLibev", dependencies: ["AMQPLibev"], path: "Examples/FiveStepsLibev",
            swiftSettings: settings),
        .executableTarget(
            name: "LibevShared", dependencies: ["AMQPLibev"], path: "Examples/LibevShared", swiftSettings: settings),
        .executableTarget(
            name: "IdleConnections", dependencies: ["AMQPEpoll", "AMQPPoll"], path: "Tests/Benchmarks/IdleConnections",
            swiftSettings: settings),
        .executableTarget(
            name: "FiveStepsPoll", dependencies: ["AMQPPoll"], path: "Examples/FiveStepsPoll", swiftSettings: settings),
        .executableTarget(
            name: "FiveStepsEpoll", dependencies: ["AMQPEpoll"], path: "Examples/FiveStepsEpoll",
            swiftSettings: settings),
        .executableTarget(
            name: "BlockingPublisher", dependencies: ["AMQPBlocking"], path: "Examples/Blocking/Publisher",
            swiftSettings: settings),
        .executableTarget(
            name: "BlockingTenMessages", dependencies: ["AMQPBlocking"], path: "Examples/Blocking/TenMessages",
            swiftSettings: settings),
        .executableTarget(
            name: "SendDemo", dependencies: ["AMQPBlocking"], path: "Examples/Blocking/SendDemo",
            swiftSettings: settings),
        .executableTarget(
            name: "ReceiveDemo", dependencies: ["AMQPBlocking"], path: "Examples/Blocking/ReceiveDemo",
            swiftSettings: settings),
        .executableTarget(
            name: "EmbeddedPoll", dependencies: ["AMQPPosix"], path: "Examples/EmbeddedPoll", swiftSettings: settings),
        .executableTarget(
            name: "FiveStepsAsync", dependencies: ["AMQPAsync"], path: "Examples/FiveStepsAsync",
            swiftSettings: settings),
        .executableTarget(
            name: "PinnedActor", dependencies: ["AMQPAsync", "AMQPLibev"], path: "Examples/PinnedActor",
            swiftSettings: settings),
        .executableTarget(
            name: "AckFromThread", dependencies: ["AMQPSelect"], path: "Examples/AckFromThread",
            swiftSettings: settings),
        .testTarget(
            name: "PosixTests",
            dependencies: [
                "AMQPPosix", "AMQPSelect", "AMQPPoll", "AMQPEpoll", "AMQPLibev", "AdapterKit",
                .target(name: "CLinux", condition: .when(platforms: [.linux])),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "BlockingTests", dependencies: ["AMQPBlocking", "AdapterKit", "BrokerSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "TLSTests", dependencies: ["AMQPTLS", "AdapterKit", "TLSSupport"], swiftSettings: settings),
        .target(
            name: "TLSSupport", dependencies: ["AMQPConnection", "BrokerSupport", "COpenSSL"], path: "Tests/TLSSupport",
            swiftSettings: settings),
        .testTarget(
            name: "NIOTests",
            dependencies: [
                "AMQPNIO", "AMQPPosix", "AdapterKit", "BrokerSupport", "TLSSupport", nio("NIOCore"), nio("NIOPosix"),
                nio("NIOEmbedded"), nio("NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "AsyncTests",
            dependencies: [
                "AMQPAsync", "AMQPPosix", "AMQPLibev", "AMQPSelect", "AdapterKit", "BrokerSupport", log,
                serviceLifecycle,
            ],
            swiftSettings: settings),
        .testTarget(name: "DispatchTests", dependencies: ["AMQPDispatch"], swiftSettings: settings),
        .target(
            name: "BrokerSupport", dependencies: ["AMQPConnection"], path: "Tests/BrokerSupport",
            swiftSettings: settings),
        .target(
            name: "AcceptanceScenarios", dependencies: ["AMQPConnection", "AdapterKit", "BrokerSupport", "TLSSupport"],
            path: "Tests/AcceptanceScenarios", swiftSettings: settings),
        .target(
            name: "MatrixSupport", dependencies: ["AMQPConnection", "AdapterKit"], path: "Tests/MatrixSupport",
            swiftSettings: settings),
        .target(
            name: "FaceScenarios",
            dependencies: [
                "AMQPConnection", "AMQPEpoll", "AMQPPosix", "AMQPBlocking", "AMQPNIO", "AMQPAsync", "AdapterKit",
                "BrokerSupport", nio("NIOCore"), nio("NIOPosix"),
            ],
            path: "Tests/FaceScenarios", swiftSettings: settings),
        .testTarget(
            name: "FaceTests", dependencies: ["AdapterKit", "FaceScenarios", "MatrixSupport"], swiftSettings: settings),
        .testTarget(
            name: "DocumentationTests", dependencies: ["AcceptanceScenarios", "AdapterKit"], swiftSettings: settings),
        .testTarget(
            name: "TypecheckTests",
            dependencies: [
                "AdapterKit", "AMQPSelect", "AMQPPoll", "AMQPLibev", "AMQPDispatch", "AMQPBlocking", "AMQPNIO",
                "AMQPAsync",
            ],
            exclude: ["Uses", "Misuses"], swiftSettings: settings),
        .target(name: "LibevSupport", dependencies: ["AMQPLibev"], path: "Tests/LibevSupport", swiftSettings: settings),
        .testTarget(
            name: "LibevTests", dependencies: ["AMQPLibev", "BrokerSupport", "LibevSupport"], swiftSettings: settings),
        .executableTarget(
            name: "MainJob", dependencies: ["AMQPSelect"], path: "Examples/MainJob", swiftSettings: settings),
        .executableTarget(
            name: "amqp-bench", dependencies: ["AMQPConnection", "AMQPAsync"], path: "Tests/Benchmarks/InMemory",
            swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
