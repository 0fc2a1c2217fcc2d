using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ArrowCid.Storage;

namespace ArrowCid.Server.Access;

/// <summary>
/// Tokens in a file, a line each: <c>NAME SCOPE sha256:HEX [EXPIRES]</c>, with <c>read</c>, <c>put</c> or
/// <c>admin</c> and a date or time; <c>#</c> begins a comment. In a file that only its owner may read (0600) the token
/// itself may stand in place of its hash.
/// </summary>
internal static class TokenFile
{
    /// <summary>The name of the file in a store's directory that local clients read.</summary>
    public const string LocalName = "serve.token";

    private const int LeastLength = 16;
    private const string HashMark = "sha256:";
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead
        | UnixFileMode.OtherWrite;

    /// <summary>Reads a file.</summary>
    /// <exception cref="ArrowCidException">It cannot be read, or a line is no token; it says which.</exception>
    public static IReadOnlyList<KnownToken> Read(string path)
    {
        bool isOwners = (ModeOf(path) & Others) == 0;
        var tokens = new List<KnownToken>();
        foreach ((int index, string line) in Lines(path).Index())
        {
            string text = line.Trim();
            if (text.Length == 0 || text[0] == '#') continue;
            tokens.Add(Parse(text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries), isOwners, rule =>
                new ArrowCidException(ErrorCode.InvalidArgument, string.Create(CultureInfo.InvariantCulture,
                    $"{path}:{index + 1}: {rule}"))));
        }

        return tokens;
    }

    /// <summary>The token of a store's directory: it is made where there is none that is its owner's alone. Servers
    /// that start at once have the same.</summary>
    /// <exception cref="ArrowCidException">It cannot be written.</exception>
    public static string ReadOrMakeLocal(string directory)
    {
        string path = Path.Combine(directory, LocalName);
        string draft = $"{LocalName}.{Environment.ProcessId}-{Guid.NewGuid():n}";
        string token = Make();
        try
        {
            while (true)
            {
                if (ReadLocal(directory) is { } known) return known;
                WriteDraft(Path.Combine(directory, draft), token);
                try
                {
                    if (NewName.TryGive(directory, draft, LocalName)) return token;
                }
                finally
                {
                    File.Delete(Path.Combine(directory, draft));
                }

                // What has the name is another server's by now, or is no secret.
                if (ReadLocal(directory) is null) File.Delete(path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArrowCidException(ErrorCode.Io,
                $"the local clients' token cannot be written to {path}: {e.Message}", e);
        }
    }

    private static void WriteDraft(string path, string token)
    {
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = Owner,
        });
        file.Write(Encoding.ASCII.GetBytes(token + "\n"));
    }

    /// <summary>The token that a server of this store has made; null where there is none, or others may read
    /// it.</summary>
    public static string? ReadLocal(string directory)
    {
        string path = Path.Combine(directory, LocalName);
        try
        {
            if (!File.Exists(path) || (File.GetUnixFileMode(path) & Others) != 0) return null;
            string token = File.ReadAllText(path).Trim();
            return token.Length >= LeastLength ? token : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>A new token of 256 random bits.</summary>
    public static string Make() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    public static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    private static KnownToken Parse(string[] words, bool isOwners, Func<string, ArrowCidException> refuse)
    {
        if (words.Length is not (3 or 4)) throw refuse("a line is NAME SCOPE sha256:HEX [EXPIRES]");
        if (!TryParseScope(words[1], out AccessScope scope))
            throw refuse($"'{words[1]}' is none of read, put and admin");
        DateTimeOffset? expires = null;
        if (words.Length == 4)
        {
            if (!Registry.Filter.TryParseTime(words[3], out DateTimeOffset end))
                throw refuse($"'{words[3]}' is no date or time, such as 2027-01-31 or 2027-01-31T12:00Z");
            expires = end;
        }

        if (words[2].StartsWith(HashMark, StringComparison.Ordinal))
        {
            string hex = words[2][HashMark.Length..];
            if (hex.Length != 2 * SHA256.HashSizeInBytes || !hex.All(char.IsAsciiHexDigit))
                throw refuse("behind sha256: stand 64 hexadecimal digits (printf %s TOKEN | sha256sum)");
            return new KnownToken(words[0], scope, Convert.FromHexString(hex), expires);
        }

        if (!isOwners)
            throw refuse("a token in clear text needs a file of mode 0600; chmod it, or write sha256:HEX");
        if (words[2].Length < LeastLength)
            throw refuse($"a token has {LeastLength} characters or more; make one with 'openssl rand -hex 32'");
        return new KnownToken(words[0], scope, HashOf(words[2]), expires);
    }

    public static bool TryParseScope(string text, out AccessScope scope)
    {
        scope = text switch
        {
            "read" => AccessScope.Read,
            "put" => AccessScope.Put,
            "admin" => AccessScope.Admin,
            _ => AccessScope.None,
        };
        return scope != AccessScope.None;
    }

    private static UnixFileMode ModeOf(string path)
    {
        try
        {
            return File.GetUnixFileMode(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, e);
        }
    }

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, e);
        }
    }

    private static ArrowCidException Unreadable(string path, Exception e) =>
        new(ErrorCode.Io, $"the tokens cannot be read from {path}: {e.Message}", e);
}
