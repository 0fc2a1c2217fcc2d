using System.Collections;
using System.Globalization;
using System.Reflection;

namespace ArrowCid.Server;

/// <summary>A setting of a server, for <c>GET /config</c>.</summary>
/// <param name="Name">The name.</param>
/// <param name="Value">The value; null for none.</param>
/// <param name="From">Where the value comes from.</param>
/// <param name="Help">What it does; null where its name says so.</param>
internal sealed record ServerSetting(string Name, string? Value, string From, string? Help)
{
    private const string ByDefault = "default", ByProgram = "program";

    /// <summary>Returns the settings of a server, without the passwords that URLs may have.</summary>
    public static IReadOnlyList<ServerSetting> Of(ServerOptions options) =>
    [
        .. (options.Settings ?? FromProperties(options))
            .Select(each => each with { Value = WithoutUser(each.Value) }),
    ];

    private static IEnumerable<ServerSetting> FromProperties(ServerOptions options)
    {
        object usual = Activator.CreateInstance(options.GetType())!;
        // The store itself is no setting; its directory is shown beside them.
        foreach (PropertyInfo property in options.GetType().GetProperties()
            .Where(static each => each.PropertyType != typeof(CidStore)))
        {
            string? value = TextOf(property.GetValue(options));
            string from = value == TextOf(property.GetValue(usual)) ? ByDefault : ByProgram;
            yield return new ServerSetting(property.Name, value, from, null);
        }
    }

    private static string? TextOf(object? value) => value switch
    {
        string text => text,
        IEnumerable list => string.Join(',', list.Cast<object>().Select(TextOf)),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };

    private static string? WithoutUser(string? value) =>
        Uri.TryCreate(value, UriKind.Absolute, out Uri? url) && url.UserInfo.Length > 0
            ? value!.Replace(url.UserInfo, "***", StringComparison.Ordinal)
            : value;
}
