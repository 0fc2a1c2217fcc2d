using System.ComponentModel;
using System.Diagnostics;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>A test that mounts a file system in a namespace of its own; skipped where that is not allowed.</summary>
public sealed class MountFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> s_mayMount = new(MayMount);

    public MountFactAttribute()
    {
        if (!s_mayMount.Value) Skip = "mounting a tmpfs is not allowed here (unshare -m, mount)";
    }

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
