using System.Reflection;
using ArrowCid.Memory;
using Xunit.Sdk;

namespace ArrowCid.Tests.Hashing;

/// <summary>The case in which messages are hashed in lanes; skipped where the processor cannot do that.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LanesDataAttribute : DataAttribute
{
    public LanesDataAttribute() => Skip = Sha256Lanes.IsSupported ? null : "the processor has no AVX2";

    /// <inheritdoc/>
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[true]];
}
