namespace ArrowCid.ProcessTests.Interop;

/// <summary>
/// A theory that needs libarrowcid for arm64, a compiler and an emulator. Where one of them is missing it is skipped and
/// says so, also where peers are required.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class Arm64TheoryAttribute : TheoryAttribute
{
    public Arm64TheoryAttribute() => Skip = BuiltLibrary.WhySkipArm64();
}
