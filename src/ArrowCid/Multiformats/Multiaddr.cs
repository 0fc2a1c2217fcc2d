using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ArrowCid;

/// <summary>
/// An address that names its protocols: <c>/dns/data.example/tcp/443/https</c>. Immutable; two are equal where their
/// binary forms are. Of the protocols of the table it knows those of <see cref="MultiaddrProtocol"/>.
/// </summary>
internal sealed class Multiaddr : IEquatable<Multiaddr>
{
    /// <summary>The longest binary form that is read, and the longest text.</summary>
    public const int MaxLength = 4096;

    private static readonly UTF8Encoding s_utf8 = new(false, throwOnInvalidBytes: true);

    private readonly byte[] _bytes;

    private Multiaddr(ImmutableArray<MultiaddrPart> parts, byte[] bytes) => (Parts, _bytes) = (parts, bytes);

    /// <summary>The protocols in order, at least one.</summary>
    public ImmutableArray<MultiaddrPart> Parts { get; }

    /// <summary>The binary form.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Reads the text.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is no multiaddr, or has a
    /// protocol that is not known.</exception>
    public static Multiaddr Parse(string text)
    {
        if (text.Length > MaxLength) throw Refuse(text[..64] + "…", "it is too long");
        if (!text.StartsWith('/')) throw Refuse(text, "it does not begin with '/'");
        ImmutableArray<MultiaddrPart>.Builder parts = ImmutableArray.CreateBuilder<MultiaddrPart>();
        string[] segments = text.TrimEnd('/').Split('/');
        if (segments.Length < 2) throw Refuse(text, "it is empty");
        for (int i = 1; i < segments.Length; i++)
        {
            MultiaddrProtocol protocol = MultiaddrProtocol.Of(segments[i])
                ?? throw Refuse(text, $"'{segments[i]}' is not a protocol that is known");
            if (protocol.Size == 0)
            {
                parts.Add(new MultiaddrPart(protocol));
                continue;
            }

            if (++i == segments.Length || segments[i].Length == 0)
                throw Refuse(text, $"{protocol.Name} has no value");
            string value = segments[i];
            bool isOpenPath = protocol == MultiaddrProtocol.Unix
                && !value.StartsWith("%2f", StringComparison.OrdinalIgnoreCase);
            if (isOpenPath)
            {
                // As Go writes it: the rest is the path.
                value = "/" + string.Join('/', segments[i..]);
                i = segments.Length;
            }
            else if (protocol == MultiaddrProtocol.Unix || protocol == MultiaddrProtocol.HttpPath)
            {
                value = PercentEncoding.TryDecode(value, out string decoded)
                    ? decoded
                    : throw Refuse(text, $"'{value}' is not percent-encoded UTF-8");
            }

            parts.Add(new MultiaddrPart(protocol, value));
        }

        return Of(parts.DrainToImmutable(), text);
    }

    /// <summary>Reads the binary form.</summary>
    /// <exception cref="ArrowCidException">As for <see cref="Parse"/>.</exception>
    public static Multiaddr FromBytes(ReadOnlySpan<byte> bytes)
    {
        string shown = $"0x{Convert.ToHexStringLower(bytes[..Math.Min(bytes.Length, 64)])}";
        if (bytes.Length is 0 or > MaxLength) throw Refuse(shown, "it is empty or too long");
        ImmutableArray<MultiaddrPart>.Builder parts = ImmutableArray.CreateBuilder<MultiaddrPart>();
        for (ReadOnlySpan<byte> rest = bytes; !rest.IsEmpty;)
        {
            ulong code = Number(ref rest, shown);
            MultiaddrProtocol protocol = MultiaddrProtocol.Of(code)
                ?? throw Refuse(shown, string.Create(CultureInfo.InvariantCulture, $"protocol {code} is not known"));
            ulong size = protocol.Size == MultiaddrProtocol.Variable ? Number(ref rest, shown) : (ulong)protocol.Size;
            if (size > (ulong)rest.Length) throw Refuse(shown, $"it ends inside the value of {protocol.Name}");
            string value = TextOf(protocol, rest[..(int)size])
                ?? throw Refuse(shown, $"the value of {protocol.Name} is wrong");
            parts.Add(new MultiaddrPart(protocol, value));
            rest = rest[(int)size..];
        }

        return Of(parts.DrainToImmutable(), shown);
    }

    /// <summary>The address of a server of HTTP.</summary>
    /// <param name="url">Its URL, <c>http</c> or <c>https</c>; a query is left out.</param>
    public static Multiaddr OfUrl(Uri url)
    {
        string host = url.IdnHost.Trim('[', ']');
        MultiaddrProtocol place = !IPAddress.TryParse(host, out IPAddress? address) ? MultiaddrProtocol.Dns
            : address.AddressFamily == AddressFamily.InterNetwork ? MultiaddrProtocol.Ip4 : MultiaddrProtocol.Ip6;
        ImmutableArray<MultiaddrPart>.Builder parts = ImmutableArray.CreateBuilder<MultiaddrPart>();
        parts.Add(new MultiaddrPart(place, address?.ToString() ?? host));
        parts.Add(new MultiaddrPart(MultiaddrProtocol.Tcp, url.Port.ToString(CultureInfo.InvariantCulture)));
        bool isHttps = url.Scheme == Uri.UriSchemeHttps;
        string path = Uri.UnescapeDataString(url.AbsolutePath).Trim('/');
        if (path.Length == 0)
        {
            parts.Add(new MultiaddrPart(isHttps ? MultiaddrProtocol.Https : MultiaddrProtocol.Http));
        }
        else
        {
            if (isHttps) parts.Add(new MultiaddrPart(MultiaddrProtocol.Tls));
            parts.Add(new MultiaddrPart(MultiaddrProtocol.Http));
            parts.Add(new MultiaddrPart(MultiaddrProtocol.HttpPath, path));
        }

        return Of(parts.DrainToImmutable(), url.ToString());
    }

    /// <summary>The address with these protocols.</summary>
    /// <exception cref="ArrowCidException">As for <see cref="Parse"/>.</exception>
    public static Multiaddr OfParts(ImmutableArray<MultiaddrPart> parts) =>
        parts.Length > 0 ? Of(parts, "") : throw Refuse("", "it is empty");

    /// <summary>Whether a protocol is part of it.</summary>
    /// <param name="name">The protocol's name, in any case.</param>
    public bool Has(string name) =>
        Parts.Any(part => part.Protocol.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <inheritdoc/>
    public bool Equals([NotNullWhen(true)] Multiaddr? other) =>
        other is not null && _bytes.AsSpan().SequenceEqual(other._bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Multiaddr);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(_bytes);
        return hash.ToHashCode();
    }

    /// <summary>The text. A Unix path is percent-encoded, so that protocols may follow it.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach ((MultiaddrProtocol protocol, string value) in Parts)
        {
            _ = text.Append('/').Append(protocol.Name);
            if (protocol.Size == 0) continue;
            bool isPath = protocol == MultiaddrProtocol.Unix || protocol == MultiaddrProtocol.HttpPath;
            _ = text.Append('/').Append(isPath ? Uri.EscapeDataString(value) : value);
        }

        return text.ToString();
    }

    private static Multiaddr Of(ImmutableArray<MultiaddrPart> parts, string shown)
    {
        var bytes = new List<byte>();
        ImmutableArray<MultiaddrPart>.Builder canonical = ImmutableArray.CreateBuilder<MultiaddrPart>(parts.Length);
        foreach (MultiaddrPart part in parts)
        {
            MultiaddrProtocol protocol = part.Protocol;
            AddNumber(bytes, protocol.Code);
            if (protocol.Size == 0)
            {
                canonical.Add(part);
                continue;
            }

            byte[] value = BytesOf(protocol, part.Value)
                ?? throw Refuse(shown, $"'{part.Value}' is not a value of {protocol.Name}");
            if (protocol.Size == MultiaddrProtocol.Variable) AddNumber(bytes, (ulong)value.Length);
            bytes.AddRange(value);
            canonical.Add(part with { Value = TextOf(protocol, value)! });
        }

        return new Multiaddr(canonical.MoveToImmutable(), [.. bytes]);
    }

    /// <summary>The bytes of a value; null where it is wrong.</summary>
    private static byte[]? BytesOf(MultiaddrProtocol protocol, string value)
    {
        if (protocol == MultiaddrProtocol.Ip4)
        {
            // Other forms of an address, such as 127.1, are none here.
            return IPAddress.TryParse(value, out IPAddress? ip4) && ip4.AddressFamily == AddressFamily.InterNetwork
                && ip4.ToString() == value ? ip4.GetAddressBytes() : null;
        }

        if (protocol == MultiaddrProtocol.Ip6)
        {
            return value.AsSpan().IndexOfAny("[]%") < 0 && IPAddress.TryParse(value, out IPAddress? ip6)
                && ip6.AddressFamily == AddressFamily.InterNetworkV6 ? ip6.GetAddressBytes() : null;
        }

        if (protocol == MultiaddrProtocol.Tcp || protocol == MultiaddrProtocol.Udp)
        {
            byte[] port = new byte[protocol.Size];
            if (!ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number)
                || number.ToString(CultureInfo.InvariantCulture) != value)
            {
                return null;
            }

            BinaryPrimitives.WriteUInt16BigEndian(port, number);
            return port;
        }

        if (protocol == MultiaddrProtocol.P2p) return PeerOf(value)?.ToBytes();
        byte[] bytes = s_utf8.GetBytes(value);
        return TextOf(protocol, bytes) == value ? bytes : null;
    }

    /// <summary>The text of a value; null where it is wrong.</summary>
    private static string? TextOf(MultiaddrProtocol protocol, ReadOnlySpan<byte> value)
    {
        if (protocol.Size == 0) return "";
        if (protocol == MultiaddrProtocol.Ip4 || protocol == MultiaddrProtocol.Ip6)
            return new IPAddress(value).ToString();
        if (protocol == MultiaddrProtocol.Tcp || protocol == MultiaddrProtocol.Udp)
            return BinaryPrimitives.ReadUInt16BigEndian(value).ToString(CultureInfo.InvariantCulture);
        if (protocol == MultiaddrProtocol.P2p)
        {
            return Multihash.TryReadFrom(value, out Multihash peer, out int consumed) && consumed == value.Length
                && peer.DigestLength > 0 ? Multibase.Encode('z', peer.ToBytes())[1..] : null;
        }

        string text;
        try
        {
            text = s_utf8.GetString(value);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }

        bool isRight = protocol == MultiaddrProtocol.Unix ? text.Length > 1 && text[0] == '/' && !text.Contains('\0')
            : text.Length > 0 && (protocol == MultiaddrProtocol.HttpPath || !text.Contains('/'));
        return isRight ? text : null;
    }

    /// <summary>A peer's name: a multihash in base58, or a CID of codec libp2p-key.</summary>
    private static Multihash? PeerOf(string text)
    {
        if (text.StartsWith('Q') || text.StartsWith('1'))
        {
            return Multibase.TryDecode("z" + text, out byte[] bytes, out _)
                && Multihash.TryReadFrom(bytes, out Multihash hash, out int consumed) && consumed == bytes.Length
                && hash.DigestLength > 0 ? hash : null;
        }

        return Cid.TryParse(text, out Cid cid, out _) && cid.Codec == Multicodec.Libp2pKey ? cid.Hash : null;
    }

    private static ulong Number(ref ReadOnlySpan<byte> rest, string shown)
    {
        if (!Varint.TryRead(rest, out ulong number, out int consumed)) throw Refuse(shown, "a number is wrong");
        rest = rest[consumed..];
        return number;
    }

    private static void AddNumber(List<byte> bytes, ulong number)
    {
        Span<byte> written = stackalloc byte[Varint.MaxLength];
        bytes.AddRange(written[..Varint.Write(written, number)]);
    }

    private static ArrowCidException Refuse(string shown, string reason) =>
        new(ErrorCode.InvalidArgument, $"'{shown}' is not a multiaddr: {reason}");
}
