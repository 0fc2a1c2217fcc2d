using System.ComponentModel;
using System.Diagnostics;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>A test that makes device nodes in its own folder; skipped where only another user may.</summary>
public sealed class DeviceTheoryAttribute : TheoryAttribute
{
    private static readonly Lazy<bool> s_mayMake = new(MayMake);

    public DeviceTheoryAttribute()
    {
        if (!s_mayMake.Value) Skip = "device nodes cannot be made and opened here (mknod needs root and no nodev)";
    }

    private static bool MayMake()
    {
        using var folder = new TemporaryFolder();
        string device = folder.PathOf("null");
        try
        {
            using Process process = Process.Start(new ProcessStartInfo("mknod", [device, "c", "1", "3"]) { RedirectStandardError = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0) return false;
            using var stream = new FileStream(device, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
            return true;
        }
        catch (Exception e) when (e is Win32Exception or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
