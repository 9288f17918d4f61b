// Removes the reset token from the URL before anything else loads, so that it reaches no bookmark,
// referrer or address bar. The history state keeps it across a reload.
{
  const token = new URLSearchParams(location.search).get("token");
  if (token !== null) history.replaceState({ token }, "", location.pathname);
}
