using System.CommandLine;
using ArrowCid.Cli.Inputs;
using ArrowCid.Signing;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>key</c>: keys that sign.</summary>
internal static class KeyVerb
{
    private static readonly string[] s_patterns = ["*.key", "*.pub", "*.pem"];

    public static Command Make() => new Verb("key",
        "Make and show keys that sign. A key is a file in PEM that only its owner may read; OpenSSL and the tokens " +
        "of 'serve' use the same files. Its id, p256:…, is the whole public key.",
        "arrowcid key new me.key",
        "arrowcid key show me.key > me.pub")
    {
        MakeNew(), MakeList(), MakeShow(),
    };

    private static Verb MakeNew()
    {
        Argument<string> file = Verb.File("FILE", "The file, which must not exist.");
        var shared = new Option<bool>("--hmac")
        {
            Description = "A shared secret for one machine: who verifies needs the same file, and could sign with " +
                "it. Default: a key of P-256, whose signatures anybody can verify.",
        };
        Option<bool> json = Verb.Json();
        var verb = new Verb("new",
            "Make a new key in a file of mode 0600. The output is its id.",
            "arrowcid key new me.key",
            "arrowcid key new --hmac machine.key")
        {
            file, shared, json,
        };
        verb.SetAction(parsed =>
        {
            using SigningKey key = parsed.GetValue(shared) ? SigningKey.CreateShared() : SigningKey.Create();
            string path = parsed.GetValue(file)!;
            key.Save(path);
            using var output = Output.Open();
            Print(output, path, key.Id, "secret", parsed.GetValue(json), isListed: false);
            return 0;
        });
        return verb;
    }

    private static Verb MakeList()
    {
        Argument<string?> directory = Verb.Optional("DIR", "The directory. Default: the current one.");
        Option<bool> json = Verb.Json();
        var verb = new Verb("ls",
            "List the keys of a directory. The output is ID  secret|public  FILE of each file *.key, *.pub and *.pem " +
            "that holds a key; of others the fault is said on standard error.",
            "arrowcid key ls",
            "arrowcid key ls /etc/arrowcid --json")
        {
            directory, json,
        };
        verb.SetAction(parsed =>
        {
            using var output = Output.Open();
            string[] files = [.. s_patterns.SelectMany(pattern =>
                Directory.EnumerateFiles(parsed.GetValue(directory) ?? ".", pattern)).Order(StringComparer.Ordinal)];
            return Input.ForEach(files, path =>
            {
                (string id, string form) = Read(path);
                Print(output, path, id, form, parsed.GetValue(json), isListed: true);
            });
        });
        return verb;
    }

    private static Verb MakeShow()
    {
        Argument<string> file = Verb.File("FILE", "A file with a secret or public key, or the id of a public key.");
        var id = new Option<bool>("--id") { Description = "The id instead of the key in PEM." };
        Option<bool> json = Verb.Json();
        var verb = new Verb("show",
            "Show a public key in PEM, as OpenSSL and 'serve --signing-keys' read it. Of a shared secret only its id " +
            "is shown (with --id).",
            "arrowcid key show me.key > me.pub",
            "arrowcid key show me.key --id")
        {
            file, id, json,
        };
        verb.SetAction(parsed =>
        {
            string path = parsed.GetValue(file)!;
            using var output = Output.Open();
            if (parsed.GetValue(id) || parsed.GetValue(json))
            {
                (string text, string form) = Read(path);
                Print(output, path, text, form, parsed.GetValue(json), isListed: false);
            }
            else
            {
                output.Writer.Write(PublicOf(path).ToPem());
            }

            return 0;
        });
        return verb;
    }

    /// <summary>A public key from a file, also from one of a secret key, or from its id.</summary>
    public static PublicKey PublicOf(string text)
    {
        if (PublicKey.TryParse(text, out PublicKey? key)) return key;
        string pem = TextOf(text);
        if (!IsSecret(pem)) return PublicKey.FromPem(pem);
        using SigningKey secret = SigningKey.Load(text);
        return secret.PublicKey ?? throw new ArrowCidException(ErrorCode.Unsupported,
            $"{text} is a shared secret, which has no public key");
    }

    private static (string Id, string Form) Read(string text)
    {
        if (PublicKey.TryParse(text, out PublicKey? key)) return (key.Text, "public");
        string pem = TextOf(text);
        if (!IsSecret(pem)) return (PublicKey.FromPem(pem).Text, "public");
        using SigningKey secret = SigningKey.Load(text);
        return (secret.Id, "secret");
    }

    private static bool IsSecret(string pem) => pem.Contains("PRIVATE KEY", StringComparison.Ordinal) ||
        pem.Contains("HMAC KEY", StringComparison.Ordinal);

    private static string TextOf(string path)
    {
        const int MostBytes = 1 << 16;
        using FileStream file = File.OpenRead(path);
        using var reader = new StreamReader(file);
        char[] text = new char[MostBytes];
        return new string(text, 0, reader.ReadBlock(text));
    }

    private static void Print(Output output, string path, string id, string form, bool json, bool isListed)
    {
        if (json)
        {
            output.JsonLine(writer =>
            {
                writer.WriteString("id", id);
                writer.WriteString("form", form);
                writer.WriteString("file", path);
            });
            return;
        }

        output.Line(isListed ? $"{id}  {form}  {CommandError.Visible(path)}" : id);
    }
}
