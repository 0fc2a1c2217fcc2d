using System.Runtime.CompilerServices;

namespace ArrowCid.Torture;

/// <summary>Turns the diagnostics port of .NET off in processes that this one starts: a process that is killed would
/// leave its <c>clr-debug-pipe</c> and <c>dotnet-diagnostic</c> files in the temporary directory.</summary>
internal static class ChildDiagnostics
{
    public const string Setting = "DOTNET_EnableDiagnostics";

    [ModuleInitializer]
    internal static void TurnOff() => Environment.SetEnvironmentVariable(Setting, "0");
}
