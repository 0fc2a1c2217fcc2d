using System.Text.Json;
using System.Text.Unicode;
using Google.Protobuf;

namespace ArrowCid.Server.Service;

/// <summary>
/// The answer of the action <c>find-missing</c>. The request is read twice in place, CID by CID: beside it there is
/// only the answer, in an array of its exact length.
/// </summary>
internal static class MissingBlocks
{
    private const int AtOnce = 1024, Depth = 64;

    private static readonly byte[] s_start = "{\"missing\":["u8.ToArray(), s_end = "]}"u8.ToArray();

    /// <summary>Finds the CIDs that a store does not have.</summary>
    /// <param name="store">The store.</param>
    /// <param name="body">JSON: an object with the list <c>cids</c>.</param>
    /// <returns>JSON: an object with the list <c>missing</c>, in the order of the request.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/> or
    /// <see cref="ErrorCode.InvalidCid"/>.</exception>
    public static ByteString Answer(CidStore store, ReadOnlySpan<byte> body)
    {
        if (!Utf8.IsValid(body)) throw Unreadable("it is not UTF-8");
        try
        {
            List<bool> isMissing = Find(store, body, out long length);
            return Write(body, isMissing, length);
        }
        catch (JsonException e)
        {
            throw Unreadable(e.Message.TrimEnd('.'), e);
        }
        catch (InvalidOperationException e)
        {
            throw Unreadable("it has an escape that is half of a surrogate pair", e);
        }
    }

    /// <summary>Looks every CID up.</summary>
    /// <param name="store">The store.</param>
    /// <param name="body">The request.</param>
    /// <param name="length">The bytes of the missing CIDs as JSON, with a comma after each.</param>
    private static List<bool> Find(CidStore store, ReadOnlySpan<byte> body, out long length)
    {
        var isMissing = new List<bool>();
        var cids = new CidReader(body);
        Cid[] some = new Cid[AtOnce];
        bool[] found = new bool[AtOnce];
        Span<byte> text = stackalloc byte[Cid.MaxTextLength];
        int count;
        length = 0;
        do
        {
            for (count = 0; count < AtOnce && cids.TryNext(out Cid cid); count++) some[count] = cid;
            store.ContainsMany(some.AsSpan(0, count), found.AsSpan(0, count));
            for (int i = 0; i < count; i++)
            {
                isMissing.Add(!found[i]);
                if (!found[i] && some[i].TryFormat(text, out int bytes)) length += bytes + "\"\",".Length;
            }
        }
        while (count == AtOnce);
        return isMissing;
    }

    private static ByteString Write(ReadOnlySpan<byte> body, List<bool> isMissing, long length)
    {
        bool isEmpty = length == 0;
        byte[] answer = new byte[s_start.Length + Math.Max(0, length - 1) + s_end.Length];
        s_start.CopyTo(answer, 0);
        int at = s_start.Length;
        var cids = new CidReader(body);
        for (int i = 0; cids.TryNext(out Cid cid); i++)
        {
            if (!isMissing[i]) continue;
            if (answer[at - 1] == (byte)'"') answer[at++] = (byte)',';
            answer[at++] = (byte)'"';
            _ = cid.TryFormat(answer.AsSpan(at), out int bytes);
            at += bytes;
            answer[at++] = (byte)'"';
        }

        s_end.CopyTo(answer, isEmpty ? s_start.Length : at);
        return UnsafeByteOperations.UnsafeWrap(answer);
    }

    private static ArrowCidException Unreadable(string why, Exception? inner = null) =>
        new(ErrorCode.InvalidArgument, $"the JSON cannot be read: {why}", inner);

    /// <summary>Reads the CIDs of a request in place.</summary>
    private ref struct CidReader
    {
        private readonly HashSet<string> _members = new(StringComparer.Ordinal);
        private Utf8JsonReader _json;
        private bool _isInside;

        public CidReader(ReadOnlySpan<byte> body)
        {
            _json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = Depth });
            if (!body.StartsWith("{"u8) || !_json.Read()) throw NoList();
            while (!_isInside)
            {
                if (!NextMember()) throw NoList();
            }
        }

        /// <summary>Reads the next CID.</summary>
        /// <returns>False at the end of the request, all of which was read.</returns>
        public bool TryNext(out Cid cid)
        {
            cid = default;
            if (!_isInside) return false;
            _ = _json.Read();
            if (_json.TokenType == JsonTokenType.EndArray)
            {
                _isInside = false;
                while (NextMember())
                {
                }

                return false;
            }

            if (_json.TokenType != JsonTokenType.String)
                throw new ArrowCidException(ErrorCode.InvalidArgument, "a CID is not a text");
            cid = _json.ValueIsEscaped ? Cid.Parse(_json.GetString()!) : Cid.Parse(_json.ValueSpan);
            return true;
        }

        /// <summary>Goes to the next member, into the list of CIDs and past every other.</summary>
        /// <returns>False at the end.</returns>
        private bool NextMember()
        {
            _ = _json.Read();
            if (_json.TokenType == JsonTokenType.EndObject)
            {
                // Throws where anything follows.
                _ = _json.Read();
                return false;
            }

            string name = _json.GetString()!;
            if (!_members.Add(name)) throw Unreadable($"the member '{name}' is repeated");
            _ = _json.Read();
            if (name != "cids") _json.Skip();
            else if (_json.TokenType == JsonTokenType.StartArray) _isInside = true;
            else throw NoList();
            return true;
        }

        private static ArrowCidException NoList() =>
            new(ErrorCode.InvalidArgument, "'cids' is not a list of CIDs");
    }
}
