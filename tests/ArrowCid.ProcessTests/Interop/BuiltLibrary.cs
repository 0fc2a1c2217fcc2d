using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Interop;

/// <summary>The other builds of libarrowcid: the static one, and the one for arm64.</summary>
internal static class BuiltLibrary
{
    /// <summary>The compiler for arm64.</summary>
    public const string ArmCompiler = "aarch64-linux-gnu-gcc";

    /// <summary>The program that runs programs for arm64 on another processor.</summary>
    public const string Emulator = "qemu-aarch64-static";

    /// <summary>The folder of the static library.</summary>
    public static string Static { get; } = Path.Combine(CLibrary.Folder, "static");

    /// <summary>The folder of the library for arm64.</summary>
    public static string Arm64 { get; } = Path.Combine(CLibrary.Folder, "linux-arm64");

    /// <summary>The folder of OpenSSL for arm64, which <c>interop/peers/setup</c> brings.</summary>
    public static string Arm64OpenSsl { get; } = Path.Combine(Programs.Peers, "arm64", "usr", "lib", "aarch64-linux-gnu");

    /// <summary>Returns the reason to skip a test of the static library, or null if it runs.</summary>
    public static string? WhySkipStatic(params string[] programs) =>
        Programs.AreRequired ? null : CLibrary.WhySkip(programs) ?? WhyNotHere("--static");

    /// <summary>Returns the reason to skip a test of the library for arm64, or null if it runs. No run requires
    /// it.</summary>
    public static string? WhySkipArm64() =>
        WhyNotHere("--arch", "arm64") ?? (IsInPath(ArmCompiler) && IsInPath(Emulator) && Directory.Exists(Arm64OpenSsl)
            ? null
            : $"PEER MISSING: {ArmCompiler}, {Emulator} or OpenSSL for arm64. Install the first two, run interop/peers/setup, "
                + "then run this test again.");

    private static string? WhyNotHere(params string[] options)
    {
        bool isHere = CLibrary.Run(Path.Combine(Command.Root, "interop", "build"), [.. options, "--has"]).ExitCode == 0;
        string command = $"interop/build {string.Join(' ', options)}";
        return isHere ? null : $"PEER MISSING: the library of these sources. Run {command}, then run this test again.";
    }

    private static bool IsInPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Any(folder => File.Exists(Path.Combine(folder, program)));
}
