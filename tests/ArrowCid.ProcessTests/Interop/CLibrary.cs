using System.Diagnostics;
using System.Runtime.InteropServices;
using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Interop;

/// <summary>libarrowcid as <c>interop/build</c> made it, and programs that are built on it.</summary>
internal static class CLibrary
{
    private const string Sanitizers = "address,undefined";

    private static readonly TimeSpan s_watchdog = TimeSpan.FromMinutes(5);

    private static readonly Lazy<bool> s_isHere =
        new(() => Run(Path.Combine(Command.Root, "interop", "build"), ["--has"]).ExitCode == 0);

    /// <summary>The folder of the library and its header.</summary>
    public static string Folder { get; } = Path.Combine(Command.Root, ".artifacts", "native");

    public static string File { get; } = Path.Combine(Folder, "libarrowcid.so");

    /// <summary>The library and, on x86-64, its build for AVX-512.</summary>
    public static IEnumerable<string> Files =>
        RuntimeInformation.ProcessArchitecture == Architecture.X64 ? [File, Avx512] : [File];

    public static string Avx512 { get; } = Path.Combine(Folder, "libarrowcid-avx512.so");

    public static string Header { get; } = PathOf("c/arrowcid.h");

    /// <summary>Returns the reason to skip a test of the library, or null if it runs.</summary>
    /// <param name="programs">What else the test needs; see <see cref="Programs.WhySkip"/>.</param>
    public static string? WhySkip(params string[] programs) => Programs.AreRequired || s_isHere.Value
        ? Programs.WhySkip(programs)
        : "PEER MISSING: libarrowcid of these sources. Run interop/build, then run this test again.";

    /// <summary>As <see cref="WhySkip"/>, for a test of the AVX-512 build.</summary>
    public static string? WhySkipAvx512(params string[] programs) =>
        RuntimeInformation.ProcessArchitecture == Architecture.X64
            ? WhySkip(programs)
            : "the AVX-512 build exists on x86-64 only";

    /// <summary>A file below <c>interop</c>.</summary>
    public static string PathOf(string path) => Path.Combine(Command.Root, "interop", path);

    /// <summary>Compiles and links a program of <c>interop</c>, every warning an error.</summary>
    /// <param name="source">A C or C++ file below <c>interop</c>.</param>
    /// <param name="target">The program.</param>
    /// <param name="isSanitized">Whether it is to be run under sanitizers.</param>
    public static void Compile(string source, string target, bool isSanitized = false)
    {
        bool isC = source.EndsWith(".c", StringComparison.Ordinal);
        string[] arguments =
        [
            isC ? "-std=gnu11" : "-std=c++17", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pedantic",
            .. isSanitized ? (string[])[$"-fsanitize={Sanitizers}", "-fno-sanitize-recover=all"] : [],
            "-I", PathOf("c"), "-I", PathOf("cpp"), PathOf(source), "-o", target,
            "-L", Folder, "-larrowcid", "-lpthread", $"-Wl,-rpath,{Folder}",
        ];
        _ = Run(isC ? "cc" : "c++", arguments).Exits(0);
    }

    /// <summary>Runs a program; the leak sanitizer knows what the library keeps.</summary>
    public static CommandResult Run(string program, params string[] arguments)
    {
        using Process process = Start(program, arguments);
        return End(process, program);
    }

    /// <summary>Starts a program; <see cref="End"/> ends it.</summary>
    public static Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Command.Root,
        };
        start.Environment["LSAN_OPTIONS"] = $"suppressions={PathOf("c/tests/leaks")}:print_suppressions=0";
        // A test sees no store but its own.
        start.Environment["ARROWCID_STORE"] = "/nowhere/named/by/a/test";
        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    /// <summary>Waits for a program's end, and kills it where it does not come.</summary>
    public static CommandResult End(Process process, string what)
    {
        using var output = new MemoryStream();
        Task outputs = process.StandardOutput.BaseStream.CopyToAsync(output);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_watchdog))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"killed after {s_watchdog}: {what}");
        }

        outputs.Wait();
        return new CommandResult(what, process.ExitCode, output.ToArray(), errors.Result);
    }
}

/// <summary>
/// A fact that needs libarrowcid, and perhaps a compiler or other programs. If the library was not built from these
/// sources or a program is missing, the test is skipped and says so, unless <c>ARROWCID_REQUIRE_PEERS=1</c>: then it
/// runs, and fails.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CLibraryFactAttribute : FactAttribute
{
    public CLibraryFactAttribute(params string[] programs)
    {
        Names = programs;
        Skip = CLibrary.WhySkip(programs);
    }

    /// <summary>The programs that the test starts.</summary>
    public IReadOnlyList<string> Names { get; }
}

/// <summary>As <see cref="CLibraryFactAttribute"/>, for a theory.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CLibraryTheoryAttribute : TheoryAttribute
{
    public CLibraryTheoryAttribute(params string[] programs)
    {
        Names = programs;
        Skip = CLibrary.WhySkip(programs);
    }

    /// <summary>The programs that the test starts.</summary>
    public IReadOnlyList<string> Names { get; }
}
