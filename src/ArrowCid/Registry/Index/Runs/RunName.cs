using System.Globalization;

namespace ArrowCid.Registry;

/// <summary>A run as a manifest names it.</summary>
internal readonly record struct RunName(ulong Number, long Length)
{
    public const string Prefix = "reg-";

    public string File => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Number:x8}");
}
