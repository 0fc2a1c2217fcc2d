using System.Text;
using System.Text.Json;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using ArrowCid.Registry;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace ArrowCid.Server.Service;

/// <summary>Reads tickets and descriptors: their spellings all say a <see cref="Request"/> or a
/// <see cref="Put"/>.</summary>
internal static class FlightRequest
{
    private const byte BinaryCid = 0x01, AnyTag = 0x0A;
    private static readonly UTF8Encoding s_utf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>A ticket, or a descriptor's command: a CID as text or bytes, JSON, a path as a JSON list, or an
    /// Any.</summary>
    public static Request Of(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) throw Refused("a ticket is empty; a CID is the simplest one");
        switch (bytes[0])
        {
            case BinaryCid:
                return new Request { Cids = { Cid.FromBytes(bytes).ToString() } };
            case AnyTag:
                return Unpack(bytes, Request.Descriptor, Request.Parser);
            case (byte)'{':
                return FromJson(bytes, Request.Parser);
            case (byte)'[':
                return OfPath(PathOf(bytes));
            default:
                return new Request { Cids = { Cid.Parse(Text(bytes)).ToString() } };
        }
    }

    public static Request Of(FlightDescriptor descriptor) => descriptor.Type switch
    {
        FlightDescriptor.Types.DescriptorType.Path => OfPath(descriptor.Path),
        FlightDescriptor.Types.DescriptorType.Cmd => Of(descriptor.Cmd.Span),
        _ => throw Refused("a descriptor is neither a path nor a command"),
    };

    /// <summary>How a put is to be kept: path <c>["put"(, name)]</c>, <c>["name", name]</c> or <c>[name]</c>, a JSON
    /// object, or an Any.</summary>
    public static Put PutOf(FlightDescriptor? descriptor)
    {
        if (descriptor is null || (descriptor.Cmd.IsEmpty && descriptor.Path.Count == 0)) return new Put();
        if (descriptor.Type == FlightDescriptor.Types.DescriptorType.Cmd)
        {
            if (descriptor.Cmd.IsEmpty) throw Refused("a descriptor of the type CMD has a path and no command");
            return descriptor.Cmd[0] == AnyTag
                ? Unpack(descriptor.Cmd.Span, Put.Descriptor, Put.Parser)
                : FromJson(descriptor.Cmd.Span, Put.Parser);
        }

        return descriptor.Path switch
        {
            ["put"] => new Put(),
            ["put" or "name", { } name] => new Put { Name = name },
            [{ } name] => new Put { Name = name },
            _ => throw Refused("a put goes to the path [\"put\"], [\"put\", NAME] or [NAME]"),
        };
    }

    /// <summary>What ListFlights shall list: nothing for all, a filter's text, JSON or an Any.</summary>
    public static Request CriteriaOf(ReadOnlySpan<byte> expression) => expression switch
    {
        { IsEmpty: true } => new Request(),
        [AnyTag, ..] or [(byte)'{', ..] => Of(expression),
        _ => new Request { Filter = Text(expression) },
    };

    private static T FromJson<T>(ReadOnlySpan<byte> utf8, MessageParser<T> parser) where T : IMessage<T>
    {
        _ = JsonOf(utf8);
        try
        {
            return parser.ParseJson(Text(utf8));
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidJsonException or
            InvalidOperationException or FormatException or OverflowException)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"the JSON cannot be read: {e.Message.TrimEnd('.')}", e);
        }
    }

    /// <summary>Parses JSON from a caller.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>.</exception>
    public static JsonElement JsonOf(ReadOnlySpan<byte> utf8)
    {
        const int Depth = 64;
        JsonElement json = StrictJson.Parse(utf8.ToArray(), Depth, out string? error);
        return error is null ? json : throw Refused($"the JSON cannot be read: {error}");
    }

    public static string Text(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return s_utf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument, "a text is not UTF-8", e);
        }
    }

    public static Filter? FilterOf(Request request) => request.Filter.Length > 0 ? Filter.Parse(request.Filter) : null;

    private static Request OfPath(IReadOnlyList<string> path) => path switch
    {
        ["watch"] => new Request { Watch = true },
        ["watch", "names", { } names] => new Request { Watch = true, Names = names, WithoutPuts = true },
        ["watch", { } filter] => new Request { Watch = true, Filter = filter },
        ["catalog"] => new Request { Catalog = true },
        ["catalog", { } filter] => new Request { Catalog = true, Filter = filter },
        ["audit"] => new Request { Audit = new AuditRequest() },
        ["audit", { } subject] => new Request { Audit = new AuditRequest { Subject = subject } },
        ["cid", { } cid] => new Request { Cids = { Cid.Parse(cid).ToString() } },
        ["cid", _, _, ..] => new Request { Cids = { path.Skip(1).Select(cid => Cid.Parse(cid).ToString()) } },
        ["name", { } name] => new Request { Name = name },
        [{ } one] => Cid.TryParse(one, out Cid known)
            ? new Request { Cids = { known.ToString() } }
            : new Request { Name = one },
        _ => throw Refused("a path is [CID], [NAME], [\"cid\", CID], [\"name\", NAME], [\"watch\"], " +
            "[\"watch\", FILTER], [\"catalog\"] or [\"audit\"]"),
    };

    private static string[] PathOf(ReadOnlySpan<byte> utf8)
    {
        JsonElement json = JsonOf(utf8);
        return json.ValueKind == JsonValueKind.Array
            && json.EnumerateArray().All(part => part.ValueKind == JsonValueKind.String)
            ? [.. json.EnumerateArray().Select(part => part.GetString()!)]
            : throw Refused("a path is a JSON list of texts");
    }

    private static T Unpack<T>(ReadOnlySpan<byte> bytes, Google.Protobuf.Reflection.MessageDescriptor type,
        MessageParser<T> parser) where T : class, IMessage<T>
    {
        const string Sql = "arrow.flight.protocol.sql.";
        Any any = GrpcReader.Parse(Any.Parser, bytes);
        string name = Any.GetTypeName(any.TypeUrl);
        if (name == type.FullName) return GrpcReader.Parse(parser, any.Value.Span);
        throw name.StartsWith(Sql, StringComparison.Ordinal)
            ? NoSql(name)
            : Refused($"a message of type {any.TypeUrl} is not known here; {type.FullName} is");
    }

    /// <summary>The refusal of a command or action of Flight SQL.</summary>
    public static ArrowCidException NoSql(string what) => new(ErrorCode.Unsupported,
        $"there is no SQL here, and so no {what}; ask for batches and datasets by CID or name (FLIGHT.md)");

    private static ArrowCidException Refused(string why) => new(ErrorCode.InvalidArgument, why);
}
