using System.Net;
using System.Net.Sockets;

namespace ArrowCid.Server.Limits;

/// <summary>
/// Counts the connections of each address, so that one address cannot take them all. Loopback addresses count as one
/// address, so do all Unix sockets, and so do the addresses of one IPv6 network of 64 bits. For any number of threads.
/// </summary>
/// <param name="most">The most connections of one address.</param>
internal sealed class ConnectionShares(int most)
{
    private const int NetworkBytes = 8;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

    /// <summary>Counts a connection.</summary>
    /// <param name="from">The other side; null or a path for a Unix socket.</param>
    /// <returns>What ends it, or null where its address has its share already.</returns>
    public IDisposable? TryEnter(EndPoint? from)
    {
        string name = NameOf(from);
        lock (_lock)
        {
            int count = _counts.GetValueOrDefault(name);
            if (count >= most) return null;
            _counts[name] = count + 1;
        }

        return new Share(this, name);
    }

    private static string NameOf(EndPoint? from)
    {
        if (from is not IPEndPoint { Address: { } address }) return "unix";
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address)) return "loopback";
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, NetworkBytes))
            : address.ToString();
    }

    private void Leave(string name)
    {
        lock (_lock)
        {
            if (--_counts[name] == 0) _counts.Remove(name);
        }
    }

    private sealed class Share(ConnectionShares shares, string name) : IDisposable
    {
        private int _isOver;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isOver, 1) == 0) shares.Leave(name);
        }
    }
}
