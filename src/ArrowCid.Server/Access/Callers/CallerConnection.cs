using System.Net;

namespace ArrowCid.Server.Access;

/// <summary>The caller's connection.</summary>
/// <param name="Address">The address; null for a Unix socket, which its file's mode protects.</param>
/// <param name="Protocol"><c>flight</c> or <c>http</c>.</param>
internal readonly record struct CallerConnection(IPAddress? Address, string Protocol)
{
    public const string Flight = "flight", Http = "http";

    /// <summary>Whether it calls from this machine.</summary>
    public bool IsLocal => Address is null || IsLoopback(Address);

    /// <summary>Whether an address is this machine's alone.</summary>
    public static bool IsLoopback(IPAddress address) =>
        IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);

    public override string ToString() => Address?.ToString() ?? "unix";
}
