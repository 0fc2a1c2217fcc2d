namespace ArrowCid.Cli;

/// <summary>The names of enumeration values in output and JSON: in lower case.</summary>
internal static class EnumText
{
    /// <summary>The name of a value in lower case.</summary>
    public static string Of<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}
