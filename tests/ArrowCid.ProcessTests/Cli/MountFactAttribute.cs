using System.ComponentModel;
using System.Diagnostics;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>A test that mounts a file system in a namespace of its own; skipped where that is not allowed.</summary>
public sealed class MountFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> s_mayMount = new(MayMount);

    /// <param name="programs">What else the test needs.</param>
    public MountFactAttribute(params string[] programs)
    {
        Names = programs;
        Skip = s_mayMount.Value ? Programs.WhySkip(programs)
            : "mounting a tmpfs is not allowed here (unshare -m, mount)";
    }

    /// <summary>The programs that the test starts.</summary>
    public IReadOnlyList<string> Names { get; }

    private static bool MayMount()
    {
        try
        {
            var start = new ProcessStartInfo("unshare", ["-m", "mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", "/dev/shm"])
            {
                RedirectStandardError = true,
            };
            using Process process = Process.Start(start)!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false; // no unshare on this machine
        }
    }
}
