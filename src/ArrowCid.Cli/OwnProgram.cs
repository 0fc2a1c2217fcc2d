using System.Diagnostics;

namespace ArrowCid.Cli;

/// <summary>This very program once more, for a verb that shows what two processes do.</summary>
internal static class OwnProgram
{
    /// <summary>How to start it, whether it was started as a program or by <c>dotnet</c>.</summary>
    public static ProcessStartInfo With(params string[] arguments)
    {
        string program = Environment.ProcessPath ??
            throw new ArrowCidException(ErrorCode.Unsupported, "this system does not say which program is running");
        string assembly = $"{typeof(OwnProgram).Assembly.GetName().Name}.dll";
        bool isHost = Path.GetFileNameWithoutExtension(program) == "dotnet";
        return new ProcessStartInfo(program,
            isHost ? [Path.Combine(AppContext.BaseDirectory, assembly), .. arguments] : arguments);
    }
}
