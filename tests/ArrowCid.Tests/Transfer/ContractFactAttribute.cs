using ArrowCid.Tests.Peers;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace ArrowCid.Tests.Transfer;

/// <summary>A fact of an abstract class. In a derived class with <see cref="NeedsPeerAttribute"/> it is skipped, and says
/// so, where the peer is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("ArrowCid.Tests.Transfer.ContractFactDiscoverer", "ArrowCid.Tests")]
public sealed class ContractFactAttribute : FactAttribute;

/// <summary>Names the peer that all facts of a class need.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NeedsPeerAttribute(Peer peer) : Attribute
{
    public Peer Peer { get; } = peer;
}

/// <summary>Makes the cases of <see cref="ContractFactAttribute"/>.</summary>
public sealed class ContractFactDiscoverer(IMessageSink messages) : FactDiscoverer(messages)
{
    protected override IXunitTestCase CreateTestCase(ITestFrameworkDiscoveryOptions discoveryOptions,
        ITestMethod testMethod, IAttributeInfo factAttribute) => new ContractTestCase(DiagnosticMessageSink,
            discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod);
}

/// <summary>A fact that is skipped where the peer of its class is missing.</summary>
public sealed class ContractTestCase : XunitTestCase
{
    [Obsolete("for deserialization")]
    public ContractTestCase()
    {
    }

    public ContractTestCase(IMessageSink messages, TestMethodDisplay display, TestMethodDisplayOptions options,
        ITestMethod method)
        : base(messages, display, options, method)
    {
    }

    protected override string? GetSkipReason(IAttributeInfo factAttribute)
    {
        IAttributeInfo? needed = TestMethod.TestClass.Class
            .GetCustomAttributes(typeof(NeedsPeerAttribute).AssemblyQualifiedName).FirstOrDefault();
        return base.GetSkipReason(factAttribute)
            ?? (needed is null ? null : PeerProcess.WhySkip(needed.GetNamedArgument<Peer>(nameof(NeedsPeerAttribute.Peer))));
    }
}
