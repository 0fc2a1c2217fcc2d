using System.Globalization;
using System.Text.Json;
using ArrowCid.Transfer;

namespace ArrowCid.Native;

/// <summary>The files of a directory, as the JSON object that the header describes.</summary>
internal static unsafe class FilesJson
{
    // SAFETY: the text is the caller's, ended by a NUL, for the call.

    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is no such object, or a path
    /// leads out of the directory.</exception>
    public static List<KeyValuePair<string, Cid>> Read(byte* text)
    {
        try
        {
            using JsonDocument document =
                JsonDocument.Parse(Utf8Text.Read(text, "files_json"), new JsonDocumentOptions { MaxDepth = 4 });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw NativeError.Invalid("'files_json' is no object of CIDs by paths");
            var files = new SortedDictionary<string, Cid>(StringComparer.Ordinal);
            foreach (JsonProperty each in document.RootElement.EnumerateObject())
            {
                if (!FileTree.IsPlain(each.Name))
                    throw NativeError.Invalid($"the path '{each.Name}' in files_json leads out of the directory");
                bool isCid = each.Value.ValueKind == JsonValueKind.String &&
                    Cid.TryParse(each.Value.GetString()!, out Cid cid) && files.TryAdd(each.Name, cid);
                if (!isCid) throw NativeError.Invalid($"'{each.Name}' in files_json has no CID, or two");
            }

            foreach (string path in files.Keys)
            {
                for (int end = path.IndexOf('/', StringComparison.Ordinal); end > 0;
                    end = path.IndexOf('/', end + 1))
                {
                    if (files.ContainsKey(path[..end]))
                        throw NativeError.Invalid($"'{path[..end]}' in files_json is a file and a directory");
                }
            }

            return [.. files];
        }
        catch (JsonException e)
        {
            throw NativeError.Invalid(string.Create(CultureInfo.InvariantCulture,
                $"files_json is no JSON; line {e.LineNumber + 1}, byte {e.BytePositionInLine}"));
        }
    }
}
