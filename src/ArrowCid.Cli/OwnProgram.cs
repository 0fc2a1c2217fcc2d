using System.Diagnostics;
using System.Reflection;

namespace ArrowCid.Cli;

/// <summary>The running program, for a verb that starts it a second time.</summary>
internal static class OwnProgram
{
    /// <summary>Returns how to start it, whether it was started as a program or by <c>dotnet</c>.</summary>
    public static ProcessStartInfo With(params string[] arguments)
    {
        string program = Environment.ProcessPath ??
            throw new ArrowCidException(ErrorCode.Unsupported, "this system does not say which program is running");
        string assembly = $"{Assembly.GetEntryAssembly()!.GetName().Name}.dll";
        bool isHost = Path.GetFileNameWithoutExtension(program) == "dotnet";
        return new ProcessStartInfo(program,
            isHost ? [Path.Combine(AppContext.BaseDirectory, assembly), .. arguments] : arguments);
    }
}
